package io.wan4j.spi;

import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.util.function.Supplier;

/** A slot of a device whose kernels are done when they return: an arena that is closed and opened again. */
final class ReopenedSlot implements Slot {
    private final Supplier<Arena> arenas;
    private Arena arena;

    ReopenedSlot(Supplier<Arena> arenas) {
        this.arenas = arenas;
        this.arena = arenas.get();
    }

    @Override
    public void refill() {
        arena.close();
        arena = arenas.get();
    }

    @Override
    public void filled() {
        // everything is there when placing returns
    }

    @Override
    public void use() {
        // see filled
    }

    @Override
    public void used() {
        // kernels are done when they return
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        return arena.allocate(shape, format);
    }

    @Override
    public Weight place(StoredWeight stored, WeightRole role) {
        return arena.place(stored, role);
    }

    @Override
    public long bytes() {
        return arena.bytes();
    }

    @Override
    public void close() {
        arena.close();
    }
}
