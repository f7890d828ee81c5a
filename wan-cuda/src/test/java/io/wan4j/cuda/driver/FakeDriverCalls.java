package io.wan4j.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A driver library with one healthy device, parts of which a test takes away. */
final class FakeDriverCalls implements DriverCalls {
    final Set<String> missing = new HashSet<>();
    final Map<String, Integer> failing = new HashMap<>();
    final List<String> called = new ArrayList<>();
    int version = 13_010;
    int devices = 1;
    int major = 8;
    long freeBytes = 7L << 30;

    @Override
    public boolean has(String function) {
        return !missing.contains(function);
    }

    @Override
    public int call(String function, Object... arguments) {
        if (missing.contains(function)) {
            throw new AssertionError(function + " was called though the library lacks it");
        }
        called.add(function);
        if (failing.containsKey(function)) {
            return failing.get(function);
        }
        switch (function) {
            case "cuDriverGetVersion" -> ((int[]) arguments[0])[0] = version;
            case "cuDeviceGetCount" -> ((int[]) arguments[0])[0] = devices;
            case "cuDeviceGetName" -> {
                byte[] name = "Test GPU".getBytes(StandardCharsets.UTF_8);
                System.arraycopy(name, 0, (byte[]) arguments[0], 0, name.length);
            }
            case "cuDeviceTotalMem_v2" -> ((long[]) arguments[0])[0] = 8L << 30;
            case "cuMemGetInfo_v2" -> {
                ((long[]) arguments[0])[0] = freeBytes;
                ((long[]) arguments[1])[0] = 8L << 30;
            }
            case "cuDeviceGetAttribute" -> ((int[]) arguments[0])[0] = attribute((Integer) arguments[1]);
            case "cuGetErrorString" -> ((long[]) arguments[1])[0] = 1;
            case "cuGetErrorName" -> ((long[]) arguments[1])[0] = 2;
            default -> {}
        }
        return 0;
    }

    private int attribute(int number) {
        return switch (number) {
            case 16 -> 24;
            case 75 -> major;
            case 76 -> 9;
            case 97 -> 101_376;
            default -> throw new AssertionError("attribute " + number);
        };
    }

    @Override
    public String text(long address) {
        return address == 1 ? "the driver's own text" : "CUDA_ERROR_TEST";
    }

    @Override
    public ByteBuffer view(long address, int bytes) {
        return ByteBuffer.allocateDirect(bytes);
    }

    @Override
    public long address(ByteBuffer direct) {
        return 4096;
    }
}
