package io.wan4j.cuda.driver;

import io.wan4j.error.DeviceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** The installed driver. Made by {@link CudaProbe}, which has checked that every function in use is there. */
final class NativeCudaDriver implements CudaDriver {
    static final int ERROR_OUT_OF_MEMORY = 2;
    static final int ERROR_NO_DEVICE = 100;

    /** Every function that this class calls. */
    static final List<String> FUNCTIONS = List.of(
            "cuInit",
            "cuGetErrorName",
            "cuGetErrorString",
            "cuDriverGetVersion",
            "cuDeviceGetCount",
            "cuDeviceGet",
            "cuDeviceGetName",
            "cuDeviceTotalMem_v2",
            "cuDeviceGetAttribute",
            "cuDevicePrimaryCtxRetain",
            "cuDevicePrimaryCtxRelease_v2",
            "cuCtxSetCurrent",
            "cuCtxSynchronize",
            "cuMemGetInfo_v2",
            "cuMemAlloc_v2",
            "cuMemFree_v2",
            "cuMemAddressReserve",
            "cuMemAddressFree",
            "cuMemGetAllocationGranularity",
            "cuMemCreate",
            "cuMemRelease",
            "cuMemMap",
            "cuMemUnmap",
            "cuMemSetAccess",
            "cuMemHostAlloc",
            "cuMemFreeHost",
            "cuMemcpyHtoDAsync_v2",
            "cuMemcpyDtoHAsync_v2",
            "cuMemcpyDtoDAsync_v2",
            "cuMemsetD8Async",
            "cuStreamCreate",
            "cuStreamDestroy_v2",
            "cuStreamSynchronize",
            "cuStreamWaitEvent",
            "cuStreamBeginCapture_v2",
            "cuStreamEndCapture",
            "cuEventCreate",
            "cuEventDestroy_v2",
            "cuEventRecord",
            "cuEventSynchronize",
            "cuEventElapsedTime_v2",
            "cuModuleLoadData",
            "cuModuleUnload",
            "cuModuleGetFunction",
            "cuFuncSetAttribute",
            "cuLaunchKernel",
            "cuLaunchKernelEx",
            "cuGraphInstantiateWithFlags",
            "cuGraphLaunch",
            "cuGraphExecDestroy",
            "cuGraphDestroy",
            "cuTensorMapEncodeTiled");

    private static final int ATTRIBUTE_MULTIPROCESSORS = 16;
    private static final int ATTRIBUTE_MAJOR = 75;
    private static final int ATTRIBUTE_MINOR = 76;
    private static final int ATTRIBUTE_SHARED_OPTIN = 97;
    private static final int FUNCTION_MAX_DYNAMIC_SHARED = 8;
    private static final int STREAM_NON_BLOCKING = 1;
    private static final int CAPTURE_THREAD_LOCAL = 1;

    private final DriverCalls calls;
    private final ThreadLocal<LaunchBlock> launchBlocks;

    NativeCudaDriver(DriverCalls calls) {
        this.calls = calls;
        this.launchBlocks = ThreadLocal.withInitial(() -> new LaunchBlock(calls));
    }

    static String describe(DriverCalls calls, int result) {
        return errorText(calls, "cuGetErrorString", result) + " (" + errorText(calls, "cuGetErrorName", result) + ", "
                + result + ")";
    }

    private static String errorText(DriverCalls calls, String function, int result) {
        long[] text = new long[1];
        return calls.has(function) && calls.call(function, result, text) == 0 ? calls.text(text[0]) : "unknown error";
    }

    private void check(int result, String what) {
        if (result == ERROR_OUT_OF_MEMORY) {
            throw DeviceException.outOfMemory(what + ": " + describe(calls, result));
        }
        if (result != 0) {
            throw new DeviceException(what + ": " + describe(calls, result));
        }
    }

    @Override
    public int version() {
        int[] version = new int[1];
        check(calls.call("cuDriverGetVersion", version), "cuDriverGetVersion");
        return version[0];
    }

    @Override
    public List<DeviceInfo> devices() {
        int[] count = new int[1];
        check(calls.call("cuDeviceGetCount", count), "cuDeviceGetCount");
        List<DeviceInfo> devices = new ArrayList<>();
        for (int ordinal = 0; ordinal < count[0]; ordinal++) {
            devices.add(device(ordinal));
        }
        return devices;
    }

    private DeviceInfo device(int ordinal) {
        int handle = handle(ordinal);
        byte[] name = new byte[256];
        check(calls.call("cuDeviceGetName", name, name.length, handle), "cuDeviceGetName(" + ordinal + ")");
        long[] bytes = new long[1];
        check(calls.call("cuDeviceTotalMem_v2", bytes, handle), "cuDeviceTotalMem(" + ordinal + ")");
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        return new DeviceInfo(
                ordinal,
                new String(name, 0, length, StandardCharsets.UTF_8),
                new ComputeCapability(attribute(ATTRIBUTE_MAJOR, handle), attribute(ATTRIBUTE_MINOR, handle)),
                bytes[0],
                attribute(ATTRIBUTE_MULTIPROCESSORS, handle),
                attribute(ATTRIBUTE_SHARED_OPTIN, handle));
    }

    private int handle(int ordinal) {
        int[] handle = new int[1];
        check(calls.call("cuDeviceGet", handle, ordinal), "cuDeviceGet(" + ordinal + ")");
        return handle[0];
    }

    private int attribute(int attribute, int handle) {
        int[] value = new int[1];
        check(calls.call("cuDeviceGetAttribute", value, attribute, handle), "cuDeviceGetAttribute(" + attribute + ")");
        return value[0];
    }

    @Override
    public long retainContext(int ordinal) {
        return create("cuDevicePrimaryCtxRetain", "device " + ordinal, handle(ordinal));
    }

    /** Calls a function whose first parameter receives a handle. */
    private long create(String function, String what, Object... rest) {
        long[] handle = new long[1];
        Object[] arguments = new Object[rest.length + 1];
        arguments[0] = handle;
        System.arraycopy(rest, 0, arguments, 1, rest.length);
        check(calls.call(function, arguments), function + "(" + what + ")");
        return handle[0];
    }

    @Override
    public void releaseContext(int ordinal) {
        check(calls.call("cuDevicePrimaryCtxRelease_v2", handle(ordinal)), "cuDevicePrimaryCtxRelease");
    }

    @Override
    public void makeCurrent(long context) {
        check(calls.call("cuCtxSetCurrent", context), "cuCtxSetCurrent");
    }

    @Override
    public MemoryInfo memoryInfo() {
        long[] free = new long[1];
        long[] total = new long[1];
        check(calls.call("cuMemGetInfo_v2", free, total), "cuMemGetInfo");
        return new MemoryInfo(free[0], total[0]);
    }

    @Override
    public void synchronize() {
        check(calls.call("cuCtxSynchronize"), "cuCtxSynchronize");
    }

    @Override
    public OptionalLong tryAllocate(long bytes) {
        long[] address = new long[1];
        int result = calls.call("cuMemAlloc_v2", address, bytes);
        if (result == ERROR_OUT_OF_MEMORY) {
            return OptionalLong.empty();
        }
        check(result, "cuMemAlloc(" + bytes + " bytes)");
        return OptionalLong.of(address[0]);
    }

    @Override
    public void free(long address) {
        check(calls.call("cuMemFree_v2", address), "cuMemFree");
    }

    @Override
    public long reserveAddresses(long bytes) {
        return create("cuMemAddressReserve", bytes + " bytes", bytes, 0L, 0L, 0L);
    }

    @Override
    public void releaseAddresses(long address, long bytes) {
        check(calls.call("cuMemAddressFree", address, bytes), "cuMemAddressFree(" + bytes + " bytes)");
    }

    @Override
    public long commitUnit(int ordinal) {
        return create("cuMemGetAllocationGranularity", "device " + ordinal, deviceMemory(ordinal), 0);
    }

    /** A CUmemAllocationProp: pinned memory of this device. */
    private byte[] deviceMemory(int ordinal) {
        int pinnedType = 1;
        int deviceLocation = 1;
        return ByteBuffer.allocate(32)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, pinnedType)
                .putInt(8, deviceLocation)
                .putInt(12, handle(ordinal))
                .array();
    }

    /** A CUmemAccessDesc: this device may read and write. */
    private byte[] access(int ordinal) {
        int deviceLocation = 1;
        int readWrite = 3;
        return ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(deviceLocation)
                .putInt(handle(ordinal))
                .putInt(readWrite)
                .array();
    }

    @Override
    public OptionalLong tryCommit(long address, long bytes, int ordinal) {
        String what = "(" + bytes + " bytes)";
        long[] handle = new long[1];
        int result = calls.call("cuMemCreate", handle, bytes, deviceMemory(ordinal), 0L);
        if (result == ERROR_OUT_OF_MEMORY) {
            return OptionalLong.empty();
        }
        check(result, "cuMemCreate" + what);
        result = calls.call("cuMemMap", address, bytes, 0L, handle[0], 0L);
        if (result != 0) {
            calls.call("cuMemRelease", handle[0]);
            check(result, "cuMemMap" + what);
        }
        check(calls.call("cuMemSetAccess", address, bytes, access(ordinal), 1L), "cuMemSetAccess" + what);
        return OptionalLong.of(handle[0]);
    }

    @Override
    public void decommit(long address, long bytes, long handle) {
        check(calls.call("cuMemUnmap", address, bytes), "cuMemUnmap(" + bytes + " bytes)");
        check(calls.call("cuMemRelease", handle), "cuMemRelease(" + bytes + " bytes)");
    }

    @Override
    public PinnedMemory allocatePinned(int bytes) {
        long address = create("cuMemHostAlloc", bytes + " bytes", (long) bytes, 0);
        return new PinnedMemory(address, calls.view(address, bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    @Override
    public void freePinned(PinnedMemory memory) {
        check(calls.call("cuMemFreeHost", memory.address()), "cuMemFreeHost");
    }

    @Override
    public void copyToDevice(long device, long host, long bytes, long stream) {
        check(calls.call("cuMemcpyHtoDAsync_v2", device, host, bytes, stream), copy("HtoD", bytes));
    }

    @Override
    public void copyToHost(long host, long device, long bytes, long stream) {
        check(calls.call("cuMemcpyDtoHAsync_v2", host, device, bytes, stream), copy("DtoH", bytes));
    }

    @Override
    public void copyOnDevice(long target, long source, long bytes, long stream) {
        check(calls.call("cuMemcpyDtoDAsync_v2", target, source, bytes, stream), copy("DtoD", bytes));
    }

    private static String copy(String direction, long bytes) {
        return "cuMemcpy" + direction + "Async(" + bytes + " bytes)";
    }

    @Override
    public void fill(long device, byte value, long bytes, long stream) {
        check(
                calls.call("cuMemsetD8Async", device, Byte.toUnsignedInt(value), bytes, stream),
                "cuMemsetD8Async(" + bytes + " bytes)");
    }

    @Override
    public long createStream() {
        return create("cuStreamCreate", "", STREAM_NON_BLOCKING);
    }

    @Override
    public void destroyStream(long stream) {
        check(calls.call("cuStreamDestroy_v2", stream), "cuStreamDestroy");
    }

    @Override
    public void synchronizeStream(long stream) {
        check(calls.call("cuStreamSynchronize", stream), "cuStreamSynchronize");
    }

    @Override
    public long createEvent() {
        return create("cuEventCreate", "", 0);
    }

    @Override
    public void destroyEvent(long event) {
        check(calls.call("cuEventDestroy_v2", event), "cuEventDestroy");
    }

    @Override
    public void recordEvent(long event, long stream) {
        check(calls.call("cuEventRecord", event, stream), "cuEventRecord");
    }

    @Override
    public void synchronizeEvent(long event) {
        check(calls.call("cuEventSynchronize", event), "cuEventSynchronize");
    }

    @Override
    public void waitForEvent(long stream, long event) {
        check(calls.call("cuStreamWaitEvent", stream, event, 0), "cuStreamWaitEvent");
    }

    @Override
    public float elapsedMillis(long start, long end) {
        float[] millis = new float[1];
        check(calls.call("cuEventElapsedTime_v2", millis, start, end), "cuEventElapsedTime");
        return millis[0];
    }

    @Override
    public long loadModule(byte[] image) {
        byte[] terminated = java.util.Arrays.copyOf(image, image.length + 1); // PTX text must end in a zero
        return create("cuModuleLoadData", image.length + " bytes", (Object) terminated);
    }

    @Override
    public void unloadModule(long module) {
        check(calls.call("cuModuleUnload", module), "cuModuleUnload");
    }

    @Override
    public long function(long module, String name) {
        return create("cuModuleGetFunction", name, module, name);
    }

    @Override
    public void allowSharedMemory(long function, int bytes) {
        check(
                calls.call("cuFuncSetAttribute", function, FUNCTION_MAX_DYNAMIC_SHARED, bytes),
                "cuFuncSetAttribute(" + bytes + " bytes of shared memory)");
    }

    @Override
    public void launch(Launch launch, long stream) {
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
        check(
                result,
                "cuLaunchKernel(grid " + launch.grid() + ", block " + launch.block() + ", " + launch.sharedBytes()
                        + " bytes shared)");
    }

    @Override
    public void beginCapture(long stream) {
        check(calls.call("cuStreamBeginCapture_v2", stream, CAPTURE_THREAD_LOCAL), "cuStreamBeginCapture");
    }

    @Override
    public long endCapture(long stream) {
        long[] graph = new long[1];
        check(calls.call("cuStreamEndCapture", stream, graph), "cuStreamEndCapture");
        try {
            return create("cuGraphInstantiateWithFlags", "", graph[0], 0L);
        } finally {
            check(calls.call("cuGraphDestroy", graph[0]), "cuGraphDestroy");
        }
    }

    @Override
    public void launchGraph(long graph, long stream) {
        check(calls.call("cuGraphLaunch", graph, stream), "cuGraphLaunch");
    }

    @Override
    public void destroyGraph(long graph) {
        check(calls.call("cuGraphExecDestroy", graph), "cuGraphExecDestroy");
    }

    @Override
    public byte[] encodeTensorMap(TensorMap map) {
        int rank = map.extents().size();
        long[] extents = map.extents().stream().mapToLong(Long::longValue).toArray();
        long[] strides = map.strides().stream().mapToLong(Long::longValue).toArray();
        int[] box = map.box().stream().mapToInt(Integer::intValue).toArray();
        int[] steps = new int[rank];
        java.util.Arrays.fill(steps, 1);
        // the driver wants the result aligned to 64 bytes, which a Java array is not
        ByteBuffer direct =
                ByteBuffer.allocateDirect(128 + 64).alignedSlice(64).limit(128).slice();
        int l2Promotion256 = 3;
        check(
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
