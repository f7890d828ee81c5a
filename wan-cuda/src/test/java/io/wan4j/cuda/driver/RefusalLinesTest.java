package io.wan4j.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cuda.CudaDeviceProvider;
import io.wan4j.cuda.driver.Refusal.Reason;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.DeviceOptions;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** From the answers of a driver library to the line that a user reads: what was found, and a remedy. */
class RefusalLinesTest {
    private static final int ERROR_DEVICE_UNAVAILABLE = 46;

    private final FakeDriverCalls library = new FakeDriverCalls();

    private static CudaDeviceProvider provider(Supplier<DriverCalls> library) {
        return new CudaDeviceProvider(() -> DriverProbe.probe(library));
    }

    private static Arguments refused(Reason reason, String found, String remedy, Consumer<FakeDriverCalls> change) {
        return Arguments.of(reason, found, remedy, change);
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                refused(Reason.DRIVER_TOO_OLD, "CUDA 12.6", "570 or later", fake -> fake.version = 12_060),
                refused(
                        Reason.FUNCTION_MISSING,
                        "lacks cuMemCreate",
                        "update the NVIDIA driver",
                        fake -> fake.missing.add("cuMemCreate")),
                refused(
                        Reason.DRIVER_FAILED,
                        "the driver's own text (CUDA_ERROR_TEST, 999)",
                        "nvidia-smi",
                        fake -> fake.failing.put("cuInit", 999)),
                refused(Reason.NO_DEVICE, "no device", "CUDA_VISIBLE_DEVICES", fake -> fake.devices = 0),
                refused(
                        Reason.ARCHITECTURE_TOO_OLD,
                        "Test GPU: expected compute capability 8.0 or later, got 7.9",
                        "RTX 30",
                        fake -> fake.major = 7));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void answersOfTheLibraryBecomeOneLine(
            Reason reason, String found, String remedy, Consumer<FakeDriverCalls> change) {
        change.accept(library);
        CudaDeviceProvider provider = provider(() -> library);
        assertThat(provider.why())
                .hasValueSatisfying(refusal -> assertThat(refusal.reason()).isEqualTo(reason));
        assertThat(provider.refusal())
                .hasValueSatisfying(line -> assertThat(line).hasLineCount(1).contains(found, remedy));
        assertThat(provider.report())
                .containsExactly("no: " + provider.refusal().orElseThrow());
        assertThatThrownBy(() -> provider.open(DeviceOptions.DEFAULT))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining(found)
                .hasMessageContaining(remedy);
    }

    @Test
    void missingDriverBecomesOneLine() {
        assertThat(provider(() -> JnaDriverCalls.open("libthere-is-no-such-library.so.1"))
                        .refusal())
                .hasValueSatisfying(line -> assertThat(line)
                        .hasLineCount(1)
                        .contains(
                                "no NVIDIA driver library loads", "libthere-is-no-such-library.so.1", "570 or later"));
    }

    private void assertRefused(DeviceOptions options, String... texts) {
        CudaDeviceProvider provider = provider(() -> library);
        assertThat(provider.refusal()).isEmpty();
        if (options.equals(DeviceOptions.DEFAULT)) {
            assertThat(provider.report().get(0)).startsWith("no: ").contains(texts);
        }
        assertThatThrownBy(() -> provider.open(options))
                .isInstanceOfSatisfying(
                        DeviceException.class,
                        failure -> assertThat(failure.getMessage()).contains(texts));
    }

    @Test
    void busyDeviceIsRefusedWhenItIsOpened() {
        library.failing.put("cuDevicePrimaryCtxRetain", ERROR_DEVICE_UNAVAILABLE);
        assertRefused(DeviceOptions.DEFAULT, "Test GPU", "the driver's own text", "nvidia-smi");
        assertThat(library.called).doesNotContain("cuDevicePrimaryCtxRelease_v2");
    }

    @Test
    void fullDeviceIsRefusedWhenItIsOpenedAndGivenBack() {
        library.freeBytes = 1 << 20;
        assertRefused(DeviceOptions.DEFAULT, "1048576 free", "limit none", "close other programs");
        assertThat(library.called).contains("cuDevicePrimaryCtxRelease_v2");
    }

    @Test
    void limitOfNoBytesIsRefusedAndTheDeviceGivenBack() {
        assertRefused(DeviceOptions.DEFAULT.withMemoryLimit(0), "got 0", "limit 0", "raise the memory limit");
        assertThat(library.called).contains("cuDevicePrimaryCtxRelease_v2");
    }
}
