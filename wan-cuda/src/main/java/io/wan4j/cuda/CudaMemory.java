package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Memory;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;

/** The memory of one device: arenas, the workspace, scratch and staging, all within one budget. */
final class CudaMemory implements Memory, AutoCloseable {
    private final CudaDriver driver;
    private final Budget budget;
    private final MemorySizes sizes;
    private final CudaWorkspace workspace;
    private final Staging staging;
    private final Scratch scratch;
    private final WeightPlacement placement;
    private final Runnable enter;
    private final Set<CudaArena> open = new LinkedHashSet<>();

    CudaMemory(CudaDriver driver, long stream, Budget budget, MemorySizes sizes, Placed placed) {
        this.driver = driver;
        this.budget = budget;
        this.sizes = sizes;
        this.workspace = new CudaWorkspace(driver, budget, placed.ordinal(), sizes);
        this.staging = new Staging(driver, stream, sizes.staging());
        this.scratch = new Scratch(driver, budget, sizes.scratch());
        this.placement = new WeightPlacement(staging, placed.compute());
        this.enter = placed.enter();
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

    @Override
    public Arena arena() {
        CudaArena arena =
                new CudaArena(driver, budget, sizes.slab(), placement, new CudaArena.Hooks(enter, open::remove));
        open.add(arena);
        return arena;
    }

    @Override
    public Workspace workspace() {
        return workspace;
    }

    @Override
    public void upload(ByteBuffer source, Tensor target) {
        staging.upload(DeviceStorage.address(target), source, target.bytes());
    }

    @Override
    public void download(Tensor source, ByteBuffer target) {
        staging.download(DeviceStorage.address(source), target, source.bytes());
    }

    @Override
    public long available() {
        return budget.available();
    }

    @Override
    public long inArenas() {
        return open.stream().mapToLong(CudaArena::bytes).sum();
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
    }
}
