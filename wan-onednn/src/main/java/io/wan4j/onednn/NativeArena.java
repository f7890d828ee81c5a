package io.wan4j.onednn;

import io.wan4j.spi.Arena;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Blocks that live until the arena closes. Small tensors share slabs. */
final class NativeArena implements Arena {
    private static final long ALIGNMENT = 64;
    private static final long SLAB = 1L << 20;

    private final OneDnnMemory memory;
    private final Placement placement;
    private final List<NativeHeap.Block> blocks = new ArrayList<>();
    private NativeHeap.@Nullable Block slab;
    private long slabUsed;
    private long bytes;
    private boolean closed;
    private final List<Runnable> closers = new ArrayList<>();

    NativeArena(OneDnnMemory memory, Placement placement) {
        this.memory = memory;
        this.placement = placement;
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        long size = Math.multiplyExact(shape.count(), (long) format.bytes());
        return Tensor.of(shape, format, take(size));
    }

    /** Memory of this many bytes, 64-byte aligned. */
    NativeStorage take(long size) {
        if (closed) {
            throw new IllegalStateException("arena: expected an open arena, got a closed one");
        }
        memory.takeForArena(size);
        bytes += size;
        if (size >= SLAB / 4) {
            return new NativeStorage(add(size).address(), size);
        }
        NativeHeap.Block current = slab;
        if (current == null || slabUsed + size > SLAB) {
            current = add(SLAB);
            slab = current;
            slabUsed = 0;
        }
        long address = current.address() + slabUsed;
        slabUsed += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return new NativeStorage(address, size);
    }

    /** Runs when the arena closes. */
    void closeAfterwards(Runnable closer) {
        closers.add(closer);
    }

    private NativeHeap.Block add(long size) {
        NativeHeap.Block block = NativeHeap.allocate(size);
        blocks.add(block);
        return block;
    }

    @Override
    public Weight place(StoredWeight stored, WeightRole role) {
        return placement.place(stored, role, this);
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            closers.forEach(Runnable::run);
            blocks.forEach(NativeHeap.Block::free);
            blocks.clear();
            slab = null;
            memory.returnFromArena(this, bytes);
            bytes = 0;
        }
    }
}
