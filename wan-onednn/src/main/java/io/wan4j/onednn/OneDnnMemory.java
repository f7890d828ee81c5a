package io.wan4j.onednn;

import io.wan4j.error.DeviceException;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Memory;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** Host memory under a limit that arenas, workspace and the kernels' own scratch share. */
final class OneDnnMemory implements Memory, AutoCloseable {
    private static final long SCRATCH_AT_LEAST = 16L << 20;
    private static final long SCRATCH_AT_MOST = 768L << 20;
    private static final long SCRATCH_SHARE = 4;

    private final long limit;
    private final NativeWorkspace workspace;
    private final Placement placement;
    private final Set<NativeArena> open = Collections.newSetFromMap(new IdentityHashMap<>());
    private long inArenas;
    private long inScratch;

    OneDnnMemory(long limit, Placement placement) {
        this.limit = limit;
        this.placement = placement;
        this.workspace = new NativeWorkspace(this);
    }

    @Override
    public Arena arena() {
        NativeArena arena = new NativeArena(this, placement);
        synchronized (this) {
            open.add(arena);
        }
        return arena;
    }

    @Override
    public Workspace workspace() {
        return workspace;
    }

    @Override
    public void upload(ByteBuffer source, Tensor target) {
        checkSize("upload", source, target);
        new View(target).putBytes(source.duplicate().clear());
    }

    @Override
    public void download(Tensor source, ByteBuffer target) {
        checkSize("download", target, source);
        new View(source).getBytes(target.duplicate().clear());
    }

    private static void checkSize(String what, ByteBuffer buffer, Tensor tensor) {
        if (buffer.capacity() < tensor.bytes()) {
            throw new IllegalArgumentException(
                    what + ": expected " + tensor.bytes() + " bytes for " + tensor + ", got " + buffer.capacity());
        }
    }

    @Override
    public synchronized long available() {
        return Math.max(0, limit - inArenas - inScratch - workspace.mark());
    }

    @Override
    public synchronized long inArenas() {
        return inArenas;
    }

    @Override
    public synchronized long inScratch() {
        return inScratch;
    }

    /** Operands are packed for some thousand rows and some heads at a time, so that scratch has an end. */
    @Override
    public long scratchBound(long workspaceBytes) {
        return Math.min(SCRATCH_AT_MOST, SCRATCH_AT_LEAST + SCRATCH_SHARE * workspaceBytes);
    }

    @Override
    public boolean isHost() {
        return true;
    }

    long limit() {
        return limit;
    }

    /** Accounts for bytes of an arena before they are taken. */
    synchronized void takeForArena(long bytes) {
        require(bytes, "weights or results");
        inArenas += bytes;
    }

    synchronized void returnFromArena(NativeArena arena, long bytes) {
        inArenas -= bytes;
        open.remove(arena);
    }

    /** Accounts for scratch; negative when it is given back. */
    synchronized void takeForScratch(long bytes) {
        require(bytes, "a kernel's scratch");
        inScratch += bytes;
    }

    /** Fails if these bytes are not available. */
    synchronized void require(long bytes, String what) {
        long free = available();
        if (bytes > free) {
            throw DeviceException.outOfMemory("onednn: " + what + ": expected " + bytes + " bytes, got " + free + " of "
                    + limit + "; raise the memory limit, close other programs, or choose a smaller size or format");
        }
    }

    /** Frees everything. */
    @Override
    public void close() {
        Set<NativeArena> remaining;
        synchronized (this) {
            remaining = Set.copyOf(open);
        }
        remaining.forEach(NativeArena::close);
        workspace.close();
    }
}
