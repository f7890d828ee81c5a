package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One range of addresses, reserved once, behind which memory is put as the stack grows. Addresses repeat from step to
 * step, so launches can be recorded.
 */
final class CudaWorkspace implements Workspace, AutoCloseable {
    private final CudaDriver driver;
    private final Budget budget;
    private final int ordinal;
    private final long base;
    private final long reserved;
    private final long unit;
    private final long growth;
    private final Deque<Commit> commits = new ArrayDeque<>();
    private long committed;
    private long used;
    private long peak;

    private record Commit(long address, long bytes, long handle) {}

    /** Reserves addresses for {@code sizes.workspace()} bytes. */
    CudaWorkspace(CudaDriver driver, Budget budget, int ordinal, MemorySizes sizes) {
        this.driver = driver;
        this.budget = budget;
        this.ordinal = ordinal;
        this.unit = driver.commitUnit(ordinal);
        this.growth = roundUp(sizes.growth(), unit);
        this.reserved = roundUp(sizes.workspace(), unit);
        this.base = driver.reserveAddresses(reserved);
    }

    private static long roundUp(long bytes, long unit) {
        return (bytes + unit - 1) / unit * unit;
    }

    @Override
    public long mark() {
        return used;
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        long footprint = Workspace.footprint(shape, format);
        if (used + footprint > committed) {
            grow(used + footprint, shape + " " + format);
        }
        DeviceStorage storage = new DeviceStorage(base + used, shape.count() * format.bytes(), 0);
        used += footprint;
        peak = Math.max(peak, used);
        return Tensor.of(shape, format, storage);
    }

    private void grow(long needed, String what) {
        long least = roundUp(needed - committed, unit);
        long address = base + committed;
        long wanted = Math.max(least, growth);
        long bytes = wanted <= budget.available() && committed + wanted <= reserved ? wanted : least;
        long handle = budget.take(
                bytes,
                "a temporary " + what,
                () -> committed + bytes <= reserved
                        ? driver.tryCommit(address, bytes, ordinal)
                        : java.util.OptionalLong.empty());
        commits.push(new Commit(address, bytes, handle));
        committed += bytes;
    }

    /** Whether an address is in the range of this workspace. */
    boolean contains(long address) {
        return address >= base && address < base + reserved;
    }

    @Override
    public void rewind(long mark) {
        if (mark < 0 || mark > used) {
            throw new IllegalArgumentException("rewind: expected a mark of 0 to " + used + ", got " + mark);
        }
        used = mark;
    }

    @Override
    public long peak() {
        return peak;
    }

    @Override
    public void resetPeak() {
        peak = used;
    }

    @Override
    public void trim() {
        driver.synchronize(); // kernels under way may still use what is taken away
        while (!commits.isEmpty() && commits.peek().address() >= base + used) {
            Commit last = commits.pop();
            driver.decommit(last.address(), last.bytes(), last.handle());
            committed -= last.bytes();
            budget.give(last.bytes());
        }
    }

    @Override
    public void close() {
        used = 0;
        trim();
        driver.releaseAddresses(base, reserved);
    }
}
