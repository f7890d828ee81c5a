package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.spi.Arena;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Device memory that is freed together. Small tensors share slabs. */
final class CudaArena implements Arena {
    static final int ALIGNMENT = 256;

    private final CudaDriver driver;
    private final Budget budget;
    private final long slabBytes;
    private final Placer placement;
    private final Hooks hooks;
    private final List<Block> blocks = new ArrayList<>();
    private long slab;
    private long slabUsed;
    private final AtomicLong bytes = new AtomicLong();

    private record Block(long address, long bytes) {}

    /** Brings a weight into an arena. */
    interface Placer {
        Weight place(StoredWeight stored, WeightRole role, CudaArena arena);
    }

    /**
     * What the owner wants to do.
     *
     * @param enter before the driver is called
     * @param closed when the arena was closed
     */
    record Hooks(Runnable enter, Consumer<CudaArena> closed) {}

    CudaArena(CudaDriver driver, Budget budget, long slabBytes, Placer placement, Hooks hooks) {
        this.driver = driver;
        this.budget = budget;
        this.slabBytes = slabBytes;
        this.placement = placement;
        this.hooks = hooks;
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        hooks.enter().run();
        long count = Math.multiplyExact(shape.count(), (long) format.bytes());
        return Tensor.of(shape, format, storage(count, 0, shape + " " + format));
    }

    /** Memory of this arena under no shape yet. */
    DeviceStorage storage(long count, int pitch, String what) {
        long rounded = Math.max(ALIGNMENT, (count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        if (rounded > slabBytes / 4) {
            return new DeviceStorage(block(slabBytes == 0 ? Math.max(1, count) : rounded, what), count, pitch);
        }
        if (slab == 0 || slabUsed + rounded > slabBytes) {
            slab = block(slabBytes, what);
            slabUsed = 0;
        }
        long start = slab + slabUsed;
        slabUsed += rounded;
        return new DeviceStorage(start, count, pitch);
    }

    private long block(long size, String what) {
        long address = budget.take(size, what, () -> driver.tryAllocate(size));
        blocks.add(new Block(address, size));
        bytes.addAndGet(size);
        return address;
    }

    @Override
    public Weight place(StoredWeight stored, WeightRole role) {
        hooks.enter().run();
        return placement.place(stored, role, this);
    }

    @Override
    public long bytes() {
        return bytes.get();
    }

    @Override
    public void close() {
        hooks.closed().accept(this);
        if (blocks.isEmpty()) {
            return;
        }
        hooks.enter().run();
        driver.synchronize(); // kernels under way may still read what is freed
        for (Block block : blocks) {
            driver.free(block.address());
            budget.give(block.bytes());
        }
        blocks.clear();
        slab = 0;
        bytes.set(0);
    }
}
