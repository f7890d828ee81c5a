package io.wan4j.cuda.driver;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The calls that ask for devices and their contexts. */
final class DeviceCalls {
    static final List<String> FUNCTIONS = List.of(
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
            "cuMemGetInfo_v2");

    private static final int ATTRIBUTE_MULTIPROCESSORS = 16;
    private static final int ATTRIBUTE_MAJOR = 75;
    private static final int ATTRIBUTE_MINOR = 76;
    private static final int ATTRIBUTE_SHARED_OPTIN = 97;

    private final CheckedCalls calls;

    DeviceCalls(CheckedCalls calls) {
        this.calls = calls;
    }

    int version() {
        int[] version = new int[1];
        calls.check(calls.call("cuDriverGetVersion", version), "cuDriverGetVersion");
        return version[0];
    }

    List<DeviceInfo> devices() {
        int[] count = new int[1];
        calls.check(calls.call("cuDeviceGetCount", count), "cuDeviceGetCount");
        List<DeviceInfo> devices = new ArrayList<>();
        for (int ordinal = 0; ordinal < count[0]; ordinal++) {
            devices.add(device(ordinal));
        }
        return devices;
    }

    private DeviceInfo device(int ordinal) {
        int handle = handle(ordinal);
        byte[] name = new byte[256];
        calls.check(calls.call("cuDeviceGetName", name, name.length, handle), "cuDeviceGetName(" + ordinal + ")");
        long[] bytes = new long[1];
        calls.check(calls.call("cuDeviceTotalMem_v2", bytes, handle), "cuDeviceTotalMem(" + ordinal + ")");
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

    /** The driver's handle of a device. */
    int handle(int ordinal) {
        int[] handle = new int[1];
        calls.check(calls.call("cuDeviceGet", handle, ordinal), "cuDeviceGet(" + ordinal + ")");
        return handle[0];
    }

    private int attribute(int attribute, int handle) {
        int[] value = new int[1];
        calls.check(
                calls.call("cuDeviceGetAttribute", value, attribute, handle),
                "cuDeviceGetAttribute(" + attribute + ")");
        return value[0];
    }

    long retainContext(int ordinal) {
        return calls.create("cuDevicePrimaryCtxRetain", "device " + ordinal, handle(ordinal));
    }

    void releaseContext(int ordinal) {
        calls.check(calls.call("cuDevicePrimaryCtxRelease_v2", handle(ordinal)), "cuDevicePrimaryCtxRelease");
    }

    void makeCurrent(long context) {
        calls.check(calls.call("cuCtxSetCurrent", context), "cuCtxSetCurrent");
    }

    MemoryInfo memoryInfo() {
        long[] free = new long[1];
        long[] total = new long[1];
        calls.check(calls.call("cuMemGetInfo_v2", free, total), "cuMemGetInfo");
        return new MemoryInfo(free[0], total[0]);
    }

    void synchronize() {
        calls.check(calls.call("cuCtxSynchronize"), "cuCtxSynchronize");
    }
}
