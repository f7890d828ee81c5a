package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Memory;
import io.wan4j.spi.Slot;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;

/** The memory of one device: arenas, slots, the workspace, scratch and staging, all within one budget. */
final class CudaMemory implements Memory, AutoCloseable {
    /** Page-locked buffers on the way to streamed blocks. */
    private static final int TRANSFER_BUFFERS = 4;

    private final CudaDriver driver;
    private final long stream;
    private final Budget budget;
    private final MemorySizes sizes;
    private final CudaWorkspace workspace;
    private final Staging staging;
    private final long transfer;
    private final Staging transferStaging;
    private final Scratch scratch;
    private final Placed placed;
    private final Set<CudaArena> open = Collections.synchronizedSet(new LinkedHashSet<>());
    private final Set<CudaSlot> slots = new CopyOnWriteArraySet<>();
    private volatile long computing = Thread.currentThread().getId();

    CudaMemory(CudaDriver driver, long stream, Budget budget, MemorySizes sizes, Placed placed) {
        this.driver = driver;
        this.budget = budget;
        this.sizes = sizes;
        this.stream = stream;
        this.workspace = new CudaWorkspace(new CommittedRange(
                driver, budget, new CommittedRange.Extent(placed.ordinal(), sizes.workspace(), sizes.growth())));
        this.staging = new Staging(driver, stream, sizes.staging(), 2);
        this.transfer = driver.createStream();
        this.transferStaging = new Staging(driver, transfer, sizes.staging(), TRANSFER_BUFFERS);
        this.scratch = new Scratch(driver, budget, sizes.scratch());
        this.placed = placed;
    }

    /**
     * Where the memory is and in which format weights go there.
     *
     * @param ordinal number of the device
     * @param compute format of floating weights
     * @param enter makes the device's context current for the calling thread
     */
    record Placed(int ordinal, Format compute, Runnable enter) {}

    Scratch scratch() {
        return scratch;
    }

    Staging staging() {
        return staging;
    }

    /** The calling thread computes from now on; what it brings is ordered with the kernels. */
    void computingHere() {
        computing = Thread.currentThread().getId();
    }

    private boolean isComputingHere() {
        return Thread.currentThread().getId() == computing;
    }

    @Override
    public Arena arena() {
        CudaArena arena = new CudaArena(
                driver, budget, sizes.slab(), this::place, new CudaArena.Hooks(placed.enter(), open::remove));
        open.add(arena);
        return arena;
    }

    private Weight place(StoredWeight stored, WeightRole role, CudaArena arena) {
        if (isComputingHere()) {
            return new WeightPlacement(staging, placed.compute()).place(stored, role, arena::storage);
        }
        synchronized (transferStaging) {
            Weight weight = new WeightPlacement(transferStaging, placed.compute()).place(stored, role, arena::storage);
            transferStaging.await();
            return weight;
        }
    }

    @Override
    public Slot slot() {
        placed.enter().run();
        CommittedRange range =
                new CommittedRange(driver, budget, new CommittedRange.Extent(placed.ordinal(), sizes.workspace(), 0));
        CudaSlot slot = new CudaSlot(
                driver,
                range,
                new CudaSlot.Lanes(stream, transfer),
                new CudaSlot.Hooks(placed.enter(), this::placeStreamed, slots::remove));
        slots.add(slot);
        return slot;
    }

    private Weight placeStreamed(StoredWeight stored, WeightRole role, CudaSlot slot) {
        synchronized (transferStaging) {
            return new WeightPlacement(transferStaging, placed.compute()).place(stored, role, slot::storage);
        }
    }

    @Override
    public CudaWorkspace workspace() {
        return workspace;
    }

    /**
     * Into a slot, in the order of its copies. Else from the thread that computes, in the order of its kernels; from
     * another one, which fills an arena of its own, beside the kernels under way, and done when this returns.
     */
    @Override
    public void upload(ByteBuffer source, Tensor target) {
        long address = DeviceStorage.address(target);
        boolean streamed = slots.stream().anyMatch(slot -> slot.contains(address));
        if (!streamed && (isComputingHere() || workspace.contains(address))) {
            staging.upload(address, source, target.bytes());
            return;
        }
        synchronized (transferStaging) {
            transferStaging.upload(address, source, target.bytes());
            if (!streamed) {
                transferStaging.await();
            }
        }
    }

    @Override
    public void download(Tensor source, ByteBuffer target) {
        staging.download(DeviceStorage.address(source), target, source.bytes());
    }

    @Override
    public long available() {
        return Math.max(0, budget.available() - scratch.toCome());
    }

    @Override
    public long inArenas() {
        synchronized (open) {
            return open.stream().mapToLong(CudaArena::bytes).sum()
                    + slots.stream().mapToLong(CudaSlot::bytes).sum();
        }
    }

    /** Bytes that the device holds altogether. */
    long held() {
        return budget.held();
    }

    @Override
    public void close() {
        synchronized (transferStaging) {
            transferStaging.close(); // a block on its way stops here
        }
        new ArrayList<>(open).forEach(CudaArena::close);
        open.clear();
        slots.forEach(CudaSlot::close);
        scratch.close();
        workspace.close();
        staging.close();
        driver.destroyStream(transfer);
    }
}
