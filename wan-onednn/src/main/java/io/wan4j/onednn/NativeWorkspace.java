package io.wan4j.onednn;

import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One contiguous range of addresses, as long as the memory limit, used as a stack: the system gives pages as they are
 * touched, so what is resident is the peak and nothing is ever moved.
 */
final class NativeWorkspace implements Workspace, AutoCloseable {
    private final OneDnnMemory memory;
    private NativeHeap.@Nullable Block range;
    private long used;
    private long peak;
    private long touched;

    NativeWorkspace(OneDnnMemory memory) {
        this.memory = memory;
    }

    @Override
    public long mark() {
        return used;
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        long footprint = Workspace.footprint(shape, format);
        memory.require(footprint, "workspace for " + shape + " " + format);
        NativeHeap.Block block = range();
        if (used + footprint > block.bytes()) {
            throw new io.wan4j.error.DeviceException("onednn: workspace for " + shape + " " + format + ": expected "
                    + footprint + " bytes, got " + (block.bytes() - used) + " of address space");
        }
        NativeStorage storage = new NativeStorage(block.address() + used, shape.count() * format.bytes());
        used += footprint;
        peak = Math.max(peak, used);
        touched = Math.max(touched, used);
        return Tensor.of(shape, format, storage);
    }

    private NativeHeap.Block range() {
        NativeHeap.Block block = range;
        long wanted = memory.limit();
        while (block == null) {
            block = NativeHeap.tryAllocate(wanted);
            wanted = wanted / 4 * 3;
            if (block == null && wanted < (1L << 20)) {
                throw new io.wan4j.error.DeviceException("onednn: expected address space for the workspace, got none");
            }
        }
        range = block;
        return block;
    }

    @Override
    public void rewind(long mark) {
        if (mark < 0 || mark > used) {
            throw new IllegalArgumentException("rewind: expected a mark up to " + used + ", got " + mark);
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
        if (range != null && touched > used) {
            NativeHeap.release(range.address() + used, touched - used);
            touched = used;
        }
    }

    @Override
    public void close() {
        if (range != null) {
            range.free();
            range = null;
        }
    }
}
