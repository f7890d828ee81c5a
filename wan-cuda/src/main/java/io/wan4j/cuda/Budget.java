package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.MemoryInfo;
import io.wan4j.error.DeviceException;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Counts the device memory that is held, against a limit. All memory of a device is taken through it, by the thread that
 * computes and by the one that brings blocks.
 */
final class Budget {
    private final CudaDriver driver;
    private final long limit;
    private long held;

    /** A budget of {@code limit} bytes. */
    Budget(CudaDriver driver, long limit) {
        this.driver = driver;
        this.limit = limit;
    }

    long limit() {
        return limit;
    }

    synchronized long held() {
        return held;
    }

    /** Bytes that could still be taken: what the limit leaves and the device has. */
    synchronized long available() {
        return Math.max(0, Math.min(limit - held, driver.memoryInfo().freeBytes()));
    }

    /**
     * Takes memory by {@code attempt}, which gives an empty answer where the device is full.
     *
     * @throws DeviceException if the limit or the device does not allow it
     */
    synchronized long take(long bytes, String what, Supplier<OptionalLong> attempt) {
        if (held + bytes <= limit) {
            OptionalLong taken = attempt.get();
            if (taken.isPresent()) {
                held += bytes;
                return taken.getAsLong();
            }
        }
        MemoryInfo memory = driver.memoryInfo();
        throw DeviceException.outOfMemory("device memory for " + what + ": asked for " + bytes + " bytes with " + held
                + " held, of a limit of " + limit + " and " + memory.freeBytes() + " free of " + memory.totalBytes()
                + " on the device; lower the size or frames, raise the memory limit, or close other programs");
    }

    /** Notes that memory was given back. */
    synchronized void give(long bytes) {
        held -= bytes;
    }
}
