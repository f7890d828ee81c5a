package io.wan4j.dry;

import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/** Counts bytes by the rule of {@link Workspace}. */
final class DryWorkspace implements Workspace {
    private long used;
    private long peak;

    @Override
    public long mark() {
        return used;
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        used += Workspace.footprint(shape, format);
        peak = Math.max(peak, used);
        return Tensor.of(shape, format, new DryStorage(shape.count() * format.bytes()));
    }

    @Override
    public void rewind(long mark) {
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
        // Nothing is held.
    }
}
