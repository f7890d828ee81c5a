package io.wan4j.cuda;

import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/** A stack in one range of addresses, which repeat from step to step, so launches can be recorded. */
final class CudaWorkspace implements Workspace, AutoCloseable {
    private final CommittedRange range;
    private long used;
    private long peak;

    CudaWorkspace(CommittedRange range) {
        this.range = range;
    }

    @Override
    public long mark() {
        return used;
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        long footprint = Workspace.footprint(shape, format);
        range.reach(used + footprint, "a temporary " + shape + " " + format);
        DeviceStorage storage = new DeviceStorage(range.base() + used, shape.count() * format.bytes(), 0);
        used += footprint;
        peak = Math.max(peak, used);
        return Tensor.of(shape, format, storage);
    }

    /** Whether an address is in the range of this workspace. */
    boolean contains(long address) {
        return range.contains(address);
    }

    /** Does work and returns the most bytes that were in use meanwhile, what was before included. */
    long highWater(Runnable work) {
        long before = peak;
        peak = used;
        try {
            work.run();
            return peak;
        } finally {
            peak = Math.max(peak, before);
        }
    }

    /** Has as much memory ready, and counts as much, as work that reached this {@link #highWater}. */
    void reach(long bytes) {
        range.reach(bytes, "the temporaries of a recorded block");
        peak = Math.max(peak, bytes);
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
        range.shrink(used);
    }

    @Override
    public void close() {
        used = 0;
        range.close();
    }
}
