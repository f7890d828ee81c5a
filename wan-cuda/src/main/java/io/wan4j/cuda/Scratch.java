package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;

/** Memory for the operands that a kernel call makes for itself. Every call starts from the beginning. */
final class Scratch implements AutoCloseable {
    private static final int ALIGNMENT = 256;

    private final CudaDriver driver;
    private final Budget budget;
    private final long bytes;
    private long address;
    private long used;

    Scratch(CudaDriver driver, Budget budget, long bytes) {
        this.driver = driver;
        this.budget = budget;
        this.bytes = bytes;
    }

    /** Everything that was taken before may be overwritten from here on, in stream order. */
    void reset() {
        used = 0;
    }

    /** What is taken now; {@link #rewind} goes back to it. */
    long mark() {
        return used;
    }

    /** What was taken after {@link #mark} may be overwritten from here on, in stream order. */
    void rewind(long mark) {
        used = mark;
    }

    /** Bytes that can still be taken. */
    long left() {
        return bytes - used;
    }

    /** Bytes that it will still take from the device. */
    long toCome() {
        return address == 0 ? bytes : 0;
    }

    /** Takes so many bytes, at most {@link #left} of them. */
    long take(long count) {
        if (count > left()) {
            throw new IllegalStateException("scratch: expected at most " + left() + " bytes, got " + count);
        }
        if (address == 0) {
            address = budget.take(bytes, "scratch", () -> driver.tryAllocate(bytes));
        }
        long start = address + used;
        used = Math.min(bytes, (used + count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        return start;
    }

    @Override
    public void close() {
        if (address != 0) {
            driver.free(address);
            budget.give(bytes);
            address = 0;
        }
    }
}
