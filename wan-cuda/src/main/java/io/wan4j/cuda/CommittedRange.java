package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.error.DeviceException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalLong;

/** Addresses that are reserved once, behind which memory is put from the start as far as it is needed. */
final class CommittedRange implements AutoCloseable {
    private final CudaDriver driver;
    private final Budget budget;
    private final int ordinal;
    private final long base;
    private final long reserved;
    private final long unit;
    private final long growth;
    private final Deque<Commit> commits = new ArrayDeque<>();
    private long committed;
    private boolean closed;

    private record Commit(long address, long bytes, long handle) {}

    /**
     * How large a range may become.
     *
     * @param ordinal number of the device
     * @param reserve bytes of addresses
     * @param growth least step in which it grows, where there is that much; 0 for the driver's unit
     */
    record Extent(int ordinal, long reserve, long growth) {}

    CommittedRange(CudaDriver driver, Budget budget, Extent extent) {
        this.driver = driver;
        this.budget = budget;
        this.ordinal = extent.ordinal();
        this.unit = driver.commitUnit(ordinal);
        this.growth = roundUp(extent.growth(), unit);
        this.reserved = roundUp(extent.reserve(), unit);
        this.base = driver.reserveAddresses(reserved);
    }

    private static long roundUp(long bytes, long unit) {
        return (bytes + unit - 1) / unit * unit;
    }

    /** The first address. */
    long base() {
        return base;
    }

    /** Bytes that are there. */
    synchronized long committed() {
        return committed;
    }

    boolean contains(long address) {
        return address >= base && address < base + reserved;
    }

    /** Makes the first {@code bytes} usable; {@code what} names what needs them, for errors. */
    synchronized void reach(long bytes, String what) {
        if (closed) {
            throw new DeviceException("device memory for " + what + ": the device was closed meanwhile");
        }
        if (bytes > committed) {
            grow(bytes, what);
        }
    }

    private void grow(long needed, String what) {
        long least = roundUp(needed - committed, unit);
        long address = base + committed;
        long wanted = Math.max(least, growth);
        long bytes = wanted <= budget.available() && committed + wanted <= reserved ? wanted : least;
        long handle = budget.take(
                bytes,
                what,
                () -> committed + bytes <= reserved ? driver.tryCommit(address, bytes, ordinal) : OptionalLong.empty());
        commits.push(new Commit(address, bytes, handle));
        committed += bytes;
    }

    /** Gives back what lies beyond the first {@code bytes}. */
    synchronized void shrink(long bytes) {
        driver.synchronize(); // kernels under way may still use what is taken away
        while (!commits.isEmpty() && commits.peek().address() >= base + bytes) {
            Commit last = commits.pop();
            driver.decommit(last.address(), last.bytes(), last.handle());
            committed -= last.bytes();
            budget.give(last.bytes());
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        shrink(0);
        driver.releaseAddresses(base, reserved);
    }
}
