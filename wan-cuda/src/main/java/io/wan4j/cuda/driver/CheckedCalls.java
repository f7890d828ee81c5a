package io.wan4j.cuda.driver;

import io.wan4j.error.DeviceException;
import java.nio.ByteBuffer;

/** A driver library whose results are checked: failures name the call, what it was asked for, and the driver's text. */
record CheckedCalls(DriverCalls library) {
    static final int ERROR_OUT_OF_MEMORY = 2;
    static final int ERROR_NO_DEVICE = 100;

    /** The driver's text for a result. */
    static String describe(DriverCalls library, int result) {
        return errorText(library, "cuGetErrorString", result) + " (" + errorText(library, "cuGetErrorName", result)
                + ", " + result + ")";
    }

    private static String errorText(DriverCalls library, String function, int result) {
        long[] text = new long[1];
        return library.has(function) && library.call(function, result, text) == 0
                ? library.text(text[0])
                : "unknown error";
    }

    /** Calls a function and returns its result, unchecked. */
    int call(String function, Object... arguments) {
        return library.call(function, arguments);
    }

    /**
     * Fails unless {@code result} is 0.
     *
     * @param what call and what it was asked for
     */
    void check(int result, String what) {
        if (result == ERROR_OUT_OF_MEMORY) {
            throw DeviceException.outOfMemory(what + ": " + describe(library, result));
        }
        if (result != 0) {
            throw new DeviceException(what + ": " + describe(library, result));
        }
    }

    /** Calls a function whose first parameter receives a handle. */
    long create(String function, String what, Object... rest) {
        long[] handle = new long[1];
        Object[] arguments = new Object[rest.length + 1];
        arguments[0] = handle;
        System.arraycopy(rest, 0, arguments, 1, rest.length);
        check(call(function, arguments), function + "(" + what + ")");
        return handle[0];
    }

    ByteBuffer view(long address, int bytes) {
        return library.view(address, bytes);
    }

    long address(ByteBuffer direct) {
        return library.address(direct);
    }
}
