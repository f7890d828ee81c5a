package io.wan4j.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cuda.driver.Refusal.Reason;
import io.wan4j.error.DeviceException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
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
            assertThat(refused.refusal().remedy()).contains("570");
        });
    }

    @Test
    void probingThisMachineAnswersWithoutHarm() {
        assertThat(CudaProbe.run()).isNotNull();
    }

    @Test
    void olderDriverIsRefusedWithBothVersions() {
        library.version = 12_060;
        assertThat(refusal().reason()).isEqualTo(Reason.DRIVER_TOO_OLD);
        assertThat(refusal().detail()).contains("12.8").contains("12.6");
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
        library.failing.put("cuInit", CheckedCalls.ERROR_NO_DEVICE);
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
        library.failing.put("cuMemAlloc_v2", CheckedCalls.ERROR_OUT_OF_MEMORY);
        assertThat(driver.tryAllocate(1L << 40)).isEmpty();
    }

    /** An argument of a type of the driver interface. */
    private static Object argument(Class<?> type) {
        LaunchShape one = LaunchShape.ONE;
        Map<Class<?>, Object> arguments = Map.of(
                int.class,
                0,
                long.class,
                1L,
                byte.class,
                (byte) 0,
                byte[].class,
                new byte[4],
                String.class,
                "kernel",
                PinnedMemory.class,
                new PinnedMemory(1, ByteBuffer.allocate(1)),
                Launch.class,
                new Launch(7, one, one, LaunchShape.of(2), 0, new KernelArguments().int32(1)),
                TensorMap.class,
                new TensorMap(
                        4096,
                        TensorMap.Element.U8,
                        List.of(64L, 2L),
                        List.of(64L),
                        List.of(64, 1),
                        TensorMap.Swizzle.NONE));
        return Objects.requireNonNull(arguments.get(type), type.toString());
    }

    @Test
    void everyCallOfTheDriverIsOneThatTheProbeLooksFor() throws ReflectiveOperationException {
        CudaDriver driver = new NativeCudaDriver(library);
        for (Method method : CudaDriver.class.getMethods()) {
            Object[] arguments = Arrays.stream(method.getParameterTypes())
                    .map(CudaProbeTest::argument)
                    .toArray();
            method.invoke(driver, arguments);
        }
        driver.launch(new Launch(7, LaunchShape.ONE, LaunchShape.ONE, LaunchShape.ONE, 0, new KernelArguments()), 0);
        Set<String> start = Set.of("cuInit", "cuGetErrorName", "cuGetErrorString");
        assertThat(library.called).isSubsetOf(NativeCudaDriver.FUNCTIONS);
        assertThat(NativeCudaDriver.FUNCTIONS)
                .doesNotHaveDuplicates()
                .allMatch(function -> library.called.contains(function)
                        || start.contains(function)
                        || function.equals("cuMemRelease"));
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
