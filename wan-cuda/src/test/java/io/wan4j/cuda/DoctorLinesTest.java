package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.CudaSettings.Libraries;
import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.CudaProbe;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.cuda.driver.Refusal;
import io.wan4j.cuda.driver.Refusal.Reason;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@code wan doctor} prints for CUDA. How the probe comes to each reason is in {@code CudaProbeTest}. */
class DoctorLinesTest {
    private final SimulatedCudaDriver driver = SimulatedDevices.fastDriver();

    @AfterEach
    void nothingIsLeft() {
        assertThat(driver.alive()).isZero();
    }

    private List<String> lines(DeviceInfo info, Libraries use) {
        CudaProbe usable = new CudaProbe.Usable(driver, List.of(info));
        return new CudaDeviceProvider(() -> usable, () -> CudaSettings.DEFAULT.withLibraries(use)).report();
    }

    @ParameterizedTest
    @EnumSource(
            value = Reason.class,
            names = {"NO_DRIVER", "DRIVER_TOO_OLD", "FUNCTION_MISSING", "DRIVER_FAILED", "NO_DEVICE"})
    void refusedProbeIsOneLineWithItsRemedy(Reason reason) {
        CudaProbe refused = new CudaProbe.Refused(new Refusal(reason, "what was found", "what to do"));
        assertThat(new CudaDeviceProvider(() -> refused).report())
                .containsExactly("no: CUDA: what was found; what to do");
    }

    @Test
    void wrongArchitectureIsOneLine() {
        DeviceInfo old = new DeviceInfo(0, "GeForce GTX 1080", new ComputeCapability(6, 1), 8L << 30, 20, 49_152);
        assertThat(lines(old, Libraries.MEASURED))
                .singleElement()
                .satisfies(line ->
                        assertThat(line).startsWith("no: ").contains("GTX 1080", "8.0", "6.1", "use a GeForce RTX 30"));
    }

    @Test
    void busyDeviceIsALine() {
        driver.occupy();
        assertThat(lines(driver.info(), Libraries.OFF).get(0))
                .startsWith("no: ")
                .contains("already in use", "nvidia-smi");
    }

    @Test
    void fullDeviceIsALine() {
        driver.leave(1 << 20);
        assertThat(lines(driver.info(), Libraries.OFF).get(0))
                .startsWith("no: ")
                .contains("1048576 free", "close other programs");
    }

    @Test
    void usableDeviceIsALineAndEachLibraryOneMore() {
        List<String> lines = lines(driver.info(), Libraries.MEASURED);
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).startsWith("yes: Simulated GPU");
        assertThat(lines.get(1)).startsWith("cuBLASLt");
        assertThat(lines.get(2)).startsWith("cuDNN");
        assertThat(lines(driver.info(), Libraries.OFF))
                .hasSize(2)
                .last()
                .asString()
                .contains("off");
    }
}
