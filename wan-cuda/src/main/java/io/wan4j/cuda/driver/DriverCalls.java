package io.wan4j.cuda.driver;

import java.nio.ByteBuffer;

/**
 * The C functions of a driver library, or of one beside it, called by name. Arguments are {@code Integer}, {@code Long} (also for pointers
 * and handles), {@code Float}, {@code byte[]}, {@code int[]}, {@code long[]}, {@code float[]} (by reference, written
 * back) and {@code String}.
 */
public interface DriverCalls {
    /**
     * The functions of the first of these libraries that loads.
     *
     * @throws UnsatisfiedLinkError if none does, with the loader's text
     */
    static DriverCalls open(String... names) {
        return JnaDriverCalls.open(names);
    }

    /** True if the library has this function. Calling one that it lacks is an error of the caller. */
    boolean has(String function);

    /** Calls a function and returns its status. */
    int call(String function, Object... arguments);

    /** The text at an address that the library returned. */
    String text(long address);

    /** A view of host memory that the library allocated. */
    ByteBuffer view(long address, int bytes);

    /** The address of a direct buffer's first byte. */
    long address(ByteBuffer direct);
}
