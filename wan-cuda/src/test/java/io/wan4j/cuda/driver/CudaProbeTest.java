package io.wan4j.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cuda.driver.Refusal.Reason;
import io.wan4j.error.DeviceException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CudaProbeTest {
    private final FakeDriverCalls library = new FakeDriverCalls();

    private CudaProbe probe() {
        return DriverProbe.probe(() -> library);
    }

    private Refusal refusal() {
        CudaProbe probe = probe();
        assertThat(probe).isInstanceOf(CudaProbe.Refused.class);
        return ((CudaProbe.Refused) probe).refusal();
    }

    @Test
    void healthyDriverIsUsable() {
        assertThat(probe())
                .isInstanceOfSatisfying(
                        CudaProbe.Usable.class,
                        usable -> assertThat(usable.devices())
                                .containsExactly(new DeviceInfo(
                                        0, "Test GPU", new ComputeCapability(8, 9), 8L << 30, 24, 101_376)));
    }

    @Test
    void missingLibraryIsRefusedWithTheLoadersText() {
        CudaProbe probe = DriverProbe.probe(() -> JnaDriverCalls.open("libthere-is-no-such-library.so.1"));
        assertThat(probe).isInstanceOfSatisfying(CudaProbe.Refused.class, refused -> {
            assertThat(refused.refusal().reason()).isEqualTo(Reason.NO_DRIVER);
            assertThat(refused.refusal().detail()).contains("libthere-is-no-such-library.so.1");
            assertThat(refused.refusal().remedy()).contains("580");
        });
    }

    @Test
    void probingThisMachineAnswersWithoutHarm() {
        assertThat(CudaProbe.run()).isNotNull();
    }

    @Test
    void olderDriverIsRefusedWithBothVersions() {
        library.version = 12_080;
        assertThat(refusal().reason()).isEqualTo(Reason.DRIVER_TOO_OLD);
        assertThat(refusal().detail()).contains("13.0").contains("12.8");
    }

    static List<String> functions() {
        return NativeCudaDriver.FUNCTIONS;
    }

    @ParameterizedTest
    @MethodSource("functions")
    void missingFunctionIsRefusedByNameAndNeverCalled(String function) {
        library.missing.add(function);
        assertThat(refusal().reason()).isEqualTo(Reason.FUNCTION_MISSING);
        assertThat(refusal().detail()).contains(function);
        assertThat(library.called).allMatch("cuDriverGetVersion"::equals);
    }

    @Test
    void driverThatDoesNotStartIsRefusedWithItsText() {
        library.failing.put("cuInit", 999);
        assertThat(refusal().reason()).isEqualTo(Reason.DRIVER_FAILED);
        assertThat(refusal().detail()).contains("cuInit").contains("the driver's own text");
    }

    @Test
    void driverWithoutADeviceIsRefused() {
        library.failing.put("cuInit", NativeCudaDriver.ERROR_NO_DEVICE);
        assertThat(refusal().reason()).isEqualTo(Reason.NO_DEVICE);
    }

    @Test
    void hiddenDevicesAreRefusedLikeNone() {
        library.devices = 0;
        assertThat(refusal().reason()).isEqualTo(Reason.NO_DEVICE);
        assertThat(refusal().remedy()).contains("CUDA_VISIBLE_DEVICES");
    }

    @Test
    void failingDeviceQueryIsRefused() {
        library.failing.put("cuDeviceTotalMem_v2", 46);
        assertThat(refusal().reason()).isEqualTo(Reason.DRIVER_FAILED);
    }

    @Test
    void failuresNameTheCallWhatItWasAskedForAndTheDriversText() {
        NativeCudaDriver driver = new NativeCudaDriver(library);
        library.failing.put("cuMemAlloc_v2", 719);
        assertThatThrownBy(() -> driver.tryAllocate(12_345))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("cuMemAlloc(12345 bytes)")
                .hasMessageContaining("the driver's own text")
                .hasMessageContaining("CUDA_ERROR_TEST");
    }

    @Test
    void fullDeviceIsAnEmptyAnswer() {
        NativeCudaDriver driver = new NativeCudaDriver(library);
        library.failing.put("cuMemAlloc_v2", NativeCudaDriver.ERROR_OUT_OF_MEMORY);
        assertThat(driver.tryAllocate(1L << 40)).isEmpty();
    }

    @Test
    void clustersGoThroughTheExtendedLaunch() {
        NativeCudaDriver driver = new NativeCudaDriver(library);
        LaunchShape two = LaunchShape.of(2);
        driver.launch(new Launch(7, two, two, LaunchShape.ONE, 0, new KernelArguments().int32(1)), 0);
        driver.launch(new Launch(7, two, two, two, 0, new KernelArguments().int32(1)), 0);
        assertThat(library.called).containsExactly("cuLaunchKernel", "cuLaunchKernelEx");
    }
}
