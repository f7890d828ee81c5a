package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.CudaProbe;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.cuda.driver.Refusal;
import io.wan4j.cuda.driver.Refusal.Reason;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CudaDeviceTest {
    private static final DeviceInfo OLD =
            new DeviceInfo(0, "GeForce GTX 1080", new ComputeCapability(6, 1), 8L << 30, 20, 49_152);

    private final SimulatedCudaDriver driver = SimulatedDevices.fastDriver();

    private Device open(DeviceOptions options) {
        return CudaDevice.open(driver, driver.info(), options, SimulatedDevices.smallSizes());
    }

    @Test
    void refusedProbeIsTheProvidersRefusalAndOpenNamesIt() {
        Refusal refusal = new Refusal(Reason.NO_DEVICE, "no device", "plug one in");
        CudaDeviceProvider provider = new CudaDeviceProvider(() -> new CudaProbe.Refused(refusal));
        assertThat(provider.why()).contains(refusal);
        assertThat(provider.refusal())
                .hasValueSatisfying(text -> assertThat(text).contains("plug one in"));
        assertThatThrownBy(() -> provider.open(DeviceOptions.DEFAULT))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("plug one in");
    }

    @Test
    void machineWithoutADriverIsRefusedNotCrashed() {
        CudaDeviceProvider provider = new CudaDeviceProvider();
        assertThat(provider.name()).isEqualTo("cuda");
        if (CudaProbe.run() instanceof CudaProbe.Refused refused) {
            assertThat(provider.why()).contains(refused.refusal());
        }
    }

    @Test
    void deviceOlderThanTheKernelsIsRefusedByName() {
        CudaDeviceProvider provider = new CudaDeviceProvider(() -> new CudaProbe.Usable(driver, List.of(OLD)));
        assertThat(provider.why()).hasValueSatisfying(refusal -> {
            assertThat(refusal.reason()).isEqualTo(Reason.ARCHITECTURE_TOO_OLD);
            assertThat(refusal.detail()).contains("GTX 1080").contains("6.1").contains("8.0");
        });
        assertThatThrownBy(() -> provider.open(DeviceOptions.DEFAULT)).isInstanceOf(DeviceException.class);
    }

    @Test
    void unknownDeviceNumberIsRefused() {
        CudaDeviceProvider provider =
                new CudaDeviceProvider(() -> new CudaProbe.Usable(driver, List.of(driver.info())));
        DeviceOptions second =
                new DeviceOptions(java.util.Optional.empty(), 0, java.util.OptionalLong.empty(), 1, false, true);
        assertThatThrownBy(() -> provider.open(second))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("got 1");
    }

    @Test
    void limitOfZeroBytesIsRefusedAndLeavesNothing() {
        assertThatThrownBy(() -> open(DeviceOptions.DEFAULT.withMemoryLimit(0)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("got 0")
                .hasMessageContaining("memory limit");
        assertThat(driver.alive()).isZero();
    }

    @Test
    void busyDeviceIsRefusedByNameAndLeavesNothing() {
        driver.occupy();
        assertThatThrownBy(() -> open(DeviceOptions.DEFAULT))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("Simulated GPU")
                .hasMessageContaining("already in use")
                .hasMessageContaining("nvidia-smi");
        assertThat(driver.alive()).isZero();
    }

    @Test
    void fullDeviceIsRefusedWithWhatIsFree() {
        driver.leave(1 << 20);
        assertThatThrownBy(() -> open(DeviceOptions.DEFAULT))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("1048576 free")
                .hasMessageContaining("close other programs");
        assertThat(driver.alive()).isZero();
    }

    @Test
    void memoryThatIsNotThereIsSaidAsSuch() {
        try (Device device = open(DeviceOptions.DEFAULT);
                Arena arena = device.memory().arena()) {
            assertThatThrownBy(() -> arena.allocate(Shape.of(1L << 40), Format.U8))
                    .isInstanceOfSatisfying(
                            DeviceException.class,
                            failure -> assertThat(failure.isOutOfMemory()).isTrue());
        }
    }

    @Test
    void allocationBeyondTheLimitNamesWhatWasAskedAndWhatIsFree() {
        try (Device device = open(DeviceOptions.DEFAULT.withMemoryLimit(16 << 20));
                Arena arena = device.memory().arena()) {
            arena.allocate(Shape.of(10 << 20), Format.U8);
            assertThatThrownBy(() -> arena.allocate(Shape.of(10 << 20), Format.U8))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("[10485760] U8")
                    .hasMessageContaining("limit of 16777216");
        }
        assertThat(driver.alive()).isZero();
    }

    @Test
    void workspaceGrowsBeyondItsFirstStepAndShrinksOnTrim() {
        try (Device device = open(DeviceOptions.DEFAULT)) {
            Workspace workspace = device.memory().workspace();
            long before = device.memory().available();
            long mark = workspace.mark();
            Tensor first = workspace.allocate(Shape.of(1000), Format.F32);
            workspace.allocate(Shape.of(1 << 20), Format.F32);
            workspace.rewind(mark);
            assertThat(workspace.allocate(Shape.of(7), Format.I8).storage())
                    .extracting(storage -> ((DeviceStorage) storage).address())
                    .isEqualTo(DeviceStorage.address(first));
            workspace.rewind(mark);
            workspace.trim();
            assertThat(device.memory().available()).isEqualTo(before);
            assertThat(workspace.peak()).isGreaterThan(4 << 20);
        }
    }

    @Test
    void closingFreesWhatArenasWorkspaceAndKernelsHold() {
        for (int i = 0; i < 100; i++) {
            Device device = SimulatedDevices.open(driver, ActivationFormats.BF16);
            Tensor x = device.memory().arena().allocate(Shape.of(4, 8), Format.F32);
            Tensor y = device.memory().workspace().allocate(Shape.of(4, 8), Format.BF16);
            device.memory().upload(ByteBuffer.allocate(128), x);
            device.kernels().copy(x, y);
            device.close();
            device.close();
        }
        assertThat(driver.alive()).isZero();
    }

    @Test
    void deviceServesOtherThreadsThanTheOneThatOpenedIt() throws InterruptedException {
        Device device = open(DeviceOptions.DEFAULT);
        Arena arena = device.memory().arena();
        List<Throwable> failures = new ArrayList<>();
        Thread other = new Thread(() -> {
            Tensor x = arena.allocate(Shape.of(4, 8), Format.F32);
            device.memory().upload(ByteBuffer.allocate(128), x);
            assertThat(device.kernels().allFinite(x)).isTrue();
            arena.close();
            device.close();
        });
        other.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
        other.start();
        other.join();
        assertThat(failures).isEmpty();
        assertThat(driver.alive()).isZero();
    }

    @Test
    void descriptionNamesTheHardware() {
        try (Device device = open(DeviceOptions.DEFAULT)) {
            assertThat(device.name()).isEqualTo("cuda:0");
            assertThat(device.description()).contains("Simulated GPU").contains("CUDA 13.1");
        }
    }
}
