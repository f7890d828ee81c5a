package io.wan4j.spi;

import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * The memory of a device. The workspace and the copies are for one thread at a time. While that thread works, a second one
 * may open, fill and close arenas and slots: that is how streamed blocks are prefetched.
 */
public interface Memory {
    /** A new arena; the caller closes it. */
    Arena arena();

    /**
     * A new slot for what is streamed; the caller closes it. This default is for devices whose kernels are done when they
     * return.
     */
    default Slot slot() {
        return new ReopenedSlot(this::arena);
    }

    /** The device's one workspace. */
    Workspace workspace();

    /** Copies little-endian bytes of the target's format and size from the host; done when it returns. */
    void upload(ByteBuffer source, Tensor target);

    /** Copies a tensor's bytes to the host; done when it returns. */
    void download(Tensor source, ByteBuffer target);

    /** Bytes that could still be allocated. */
    long available();

    /** Bytes that open arenas hold. */
    long inArenas();

    /** Bytes that kernels hold for themselves besides arenas and workspace: scratchpads, packed operands. */
    default long inScratch() {
        return 0;
    }

    /**
     * Most bytes that {@link #inScratch} comes to in a phase; a plan leaves them free.
     *
     * @param workspaceBytes most bytes of the phase's temporaries at once
     */
    default long scratchBound(long workspaceBytes) {
        return 0;
    }

    /** Whether this memory is the process's own, so that the system counts it as resident. */
    default boolean isHost() {
        return false;
    }
}
