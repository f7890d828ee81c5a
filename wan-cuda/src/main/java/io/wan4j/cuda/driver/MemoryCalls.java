package io.wan4j.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalLong;

/** The calls that take memory, on the device and page-locked on the host, and copy between them. */
final class MemoryCalls {
    static final List<String> FUNCTIONS = List.of(
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
            "cuMemsetD8Async");

    private final CheckedCalls calls;
    private final DeviceCalls devices;

    MemoryCalls(CheckedCalls calls, DeviceCalls devices) {
        this.calls = calls;
        this.devices = devices;
    }

    OptionalLong tryAllocate(long bytes) {
        long[] address = new long[1];
        int result = calls.call("cuMemAlloc_v2", address, bytes);
        if (result == CheckedCalls.ERROR_OUT_OF_MEMORY) {
            return OptionalLong.empty();
        }
        calls.check(result, "cuMemAlloc(" + bytes + " bytes)");
        return OptionalLong.of(address[0]);
    }

    void free(long address) {
        calls.check(calls.call("cuMemFree_v2", address), "cuMemFree");
    }

    long reserveAddresses(long bytes) {
        return calls.create("cuMemAddressReserve", bytes + " bytes", bytes, 0L, 0L, 0L);
    }

    void releaseAddresses(long address, long bytes) {
        calls.check(calls.call("cuMemAddressFree", address, bytes), "cuMemAddressFree(" + bytes + " bytes)");
    }

    long commitUnit(int ordinal) {
        return calls.create("cuMemGetAllocationGranularity", "device " + ordinal, deviceMemory(ordinal), 0);
    }

    /** A CUmemAllocationProp: pinned memory of this device. */
    private byte[] deviceMemory(int ordinal) {
        int pinnedType = 1;
        int deviceLocation = 1;
        return ByteBuffer.allocate(32)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, pinnedType)
                .putInt(8, deviceLocation)
                .putInt(12, devices.handle(ordinal))
                .array();
    }

    /** A CUmemAccessDesc: this device may read and write. */
    private byte[] access(int ordinal) {
        int deviceLocation = 1;
        int readWrite = 3;
        return ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(deviceLocation)
                .putInt(devices.handle(ordinal))
                .putInt(readWrite)
                .array();
    }

    OptionalLong tryCommit(long address, long bytes, int ordinal) {
        String what = "(" + bytes + " bytes)";
        long[] handle = new long[1];
        int result = calls.call("cuMemCreate", handle, bytes, deviceMemory(ordinal), 0L);
        if (result == CheckedCalls.ERROR_OUT_OF_MEMORY) {
            return OptionalLong.empty();
        }
        calls.check(result, "cuMemCreate" + what);
        result = calls.call("cuMemMap", address, bytes, 0L, handle[0], 0L);
        if (result != 0) {
            calls.call("cuMemRelease", handle[0]);
            calls.check(result, "cuMemMap" + what);
        }
        calls.check(calls.call("cuMemSetAccess", address, bytes, access(ordinal), 1L), "cuMemSetAccess" + what);
        return OptionalLong.of(handle[0]);
    }

    void decommit(long address, long bytes, long handle) {
        calls.check(calls.call("cuMemUnmap", address, bytes), "cuMemUnmap(" + bytes + " bytes)");
        calls.check(calls.call("cuMemRelease", handle), "cuMemRelease(" + bytes + " bytes)");
    }

    PinnedMemory allocatePinned(int bytes) {
        long address = calls.create("cuMemHostAlloc", bytes + " bytes", (long) bytes, 0);
        return new PinnedMemory(address, calls.view(address, bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    void freePinned(PinnedMemory memory) {
        calls.check(calls.call("cuMemFreeHost", memory.address()), "cuMemFreeHost");
    }

    void copyToDevice(long device, long host, long bytes, long stream) {
        calls.check(calls.call("cuMemcpyHtoDAsync_v2", device, host, bytes, stream), copy("HtoD", bytes));
    }

    void copyToHost(long host, long device, long bytes, long stream) {
        calls.check(calls.call("cuMemcpyDtoHAsync_v2", host, device, bytes, stream), copy("DtoH", bytes));
    }

    void copyOnDevice(long target, long source, long bytes, long stream) {
        calls.check(calls.call("cuMemcpyDtoDAsync_v2", target, source, bytes, stream), copy("DtoD", bytes));
    }

    private static String copy(String direction, long bytes) {
        return "cuMemcpy" + direction + "Async(" + bytes + " bytes)";
    }

    void fill(long device, byte value, long bytes, long stream) {
        calls.check(
                calls.call("cuMemsetD8Async", device, Byte.toUnsignedInt(value), bytes, stream),
                "cuMemsetD8Async(" + bytes + " bytes)");
    }
}
