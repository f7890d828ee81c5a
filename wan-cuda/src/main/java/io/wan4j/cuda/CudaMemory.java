package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Memory;
import io.wan4j.spi.WeightRole;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** The memory of one device: arenas, the workspace, scratch and staging, all within one budget. */
final class CudaMemory implements Memory, AutoCloseable {
    private final CudaDriver driver;
    private final Budget budget;
    private final MemorySizes sizes;
    private final CudaWorkspace workspace;
    private final Staging staging;
    private final long transfer;
    private final Staging transferStaging;
    private final Scratch scratch;
    private final Placed placed;
    private final Set<CudaArena> open = Collections.synchronizedSet(new LinkedHashSet<>());
    private volatile long computing = Thread.currentThread().getId();

    CudaMemory(CudaDriver driver, long stream, Budget budget, MemorySizes sizes, Placed placed) {
        this.driver = driver;
        this.budget = budget;
        this.sizes = sizes;
        this.workspace = new CudaWorkspace(driver, budget, placed.ordinal(), sizes);
        this.staging = new Staging(driver, stream, sizes.staging());
        this.transfer = driver.createStream();
        this.transferStaging = new Staging(driver, transfer, sizes.staging());
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
            return new WeightPlacement(staging, placed.compute()).place(stored, role, arena);
        }
        synchronized (transferStaging) {
            Weight weight = new WeightPlacement(transferStaging, placed.compute()).place(stored, role, arena);
            transferStaging.await();
            return weight;
        }
    }

    @Override
    public Workspace workspace() {
        return workspace;
    }

    /**
     * From the thread that computes, in the order of its kernels. From another one, which fills an arena of its own, beside
     * the kernels under way, and done when this returns.
     */
    @Override
    public void upload(ByteBuffer source, Tensor target) {
        long address = DeviceStorage.address(target);
        if (isComputingHere() || workspace.contains(address)) {
            staging.upload(address, source, target.bytes());
            return;
        }
        synchronized (transferStaging) {
            transferStaging.upload(address, source, target.bytes());
            transferStaging.await();
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
            return open.stream().mapToLong(CudaArena::bytes).sum();
        }
    }

    /** Bytes that the device holds altogether. */
    long held() {
        return budget.held();
    }

    @Override
    public void close() {
        new ArrayList<>(open).forEach(CudaArena::close);
        open.clear();
        scratch.close();
        workspace.close();
        staging.close();
        transferStaging.close();
        driver.destroyStream(transfer);
    }
}
