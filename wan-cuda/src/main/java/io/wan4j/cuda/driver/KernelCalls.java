package io.wan4j.cuda.driver;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** The calls that load modules and start kernels. */
final class KernelCalls {
    static final List<String> FUNCTIONS = List.of(
            "cuModuleLoadData",
            "cuModuleUnload",
            "cuModuleGetFunction",
            "cuFuncSetAttribute",
            "cuLaunchKernel",
            "cuLaunchKernelEx",
            "cuTensorMapEncodeTiled");

    private static final int FUNCTION_MAX_DYNAMIC_SHARED = 8;

    private final CheckedCalls calls;
    private final ThreadLocal<LaunchBlock> launchBlocks;

    KernelCalls(CheckedCalls calls) {
        this.calls = calls;
        this.launchBlocks = ThreadLocal.withInitial(() -> new LaunchBlock(calls.library()));
    }

    long loadModule(byte[] image) {
        byte[] terminated = Arrays.copyOf(image, image.length + 1); // PTX text must end in a zero
        return calls.create("cuModuleLoadData", image.length + " bytes", (Object) terminated);
    }

    void unloadModule(long module) {
        calls.check(calls.call("cuModuleUnload", module), "cuModuleUnload");
    }

    long function(long module, String name) {
        return calls.create("cuModuleGetFunction", name, module, name);
    }

    void allowSharedMemory(long function, int bytes) {
        calls.check(
                calls.call("cuFuncSetAttribute", function, FUNCTION_MAX_DYNAMIC_SHARED, bytes),
                "cuFuncSetAttribute(" + bytes + " bytes of shared memory)");
    }

    void launch(Launch launch, long stream) {
        LaunchBlock block = launchBlocks.get();
        int result;
        if (launch.cluster().equals(LaunchShape.ONE)) {
            LaunchShape grid = launch.grid();
            LaunchShape threads = launch.block();
            result = calls.call(
                    "cuLaunchKernel",
                    launch.function(),
                    grid.x(),
                    grid.y(),
                    grid.z(),
                    threads.x(),
                    threads.y(),
                    threads.z(),
                    launch.sharedBytes(),
                    stream,
                    0L,
                    block.writeArguments(launch));
        } else {
            long extra = block.writeArguments(launch);
            result = calls.call(
                    "cuLaunchKernelEx", block.writeConfiguration(launch, stream), launch.function(), 0L, extra);
        }
        calls.check(
                result,
                "cuLaunchKernel(grid " + launch.grid() + ", block " + launch.block() + ", " + launch.sharedBytes()
                        + " bytes shared)");
    }

    byte[] encodeTensorMap(TensorMap map) {
        int rank = map.extents().size();
        long[] extents = map.extents().stream().mapToLong(Long::longValue).toArray();
        long[] strides = map.strides().stream().mapToLong(Long::longValue).toArray();
        int[] box = map.box().stream().mapToInt(Integer::intValue).toArray();
        int[] steps = new int[rank];
        Arrays.fill(steps, 1);
        // the driver wants the result aligned to 64 bytes, which a Java array is not
        ByteBuffer direct =
                ByteBuffer.allocateDirect(128 + 64).alignedSlice(64).limit(128).slice();
        int l2Promotion256 = 3;
        calls.check(
                calls.call(
                        "cuTensorMapEncodeTiled",
                        calls.address(direct),
                        map.element().code(),
                        rank,
                        map.address(),
                        extents,
                        strides,
                        box,
                        steps,
                        0,
                        map.swizzle().code(),
                        l2Promotion256,
                        0),
                "cuTensorMapEncodeTiled(extents " + map.extents() + ", box " + map.box() + ")");
        byte[] bytes = new byte[128];
        direct.get(bytes);
        return bytes;
    }
}
