package io.wan4j.onednn;

import org.jspecify.annotations.Nullable;

/** A block that grows to the largest request and stays. */
final class Scratch implements AutoCloseable {
    private final OneDnnMemory memory;
    private NativeHeap.@Nullable Block block;

    Scratch(OneDnnMemory memory) {
        this.memory = memory;
    }

    /** Address of at least this many bytes, with undefined content. */
    long address(long bytes) {
        NativeHeap.Block current = block;
        if (current == null || current.bytes() < bytes) {
            close();
            memory.takeForScratch(bytes);
            current = NativeHeap.allocate(bytes);
            block = current;
        }
        return current.address();
    }

    @Override
    public void close() {
        if (block != null) {
            memory.takeForScratch(-block.bytes());
            block.free();
            block = null;
        }
    }
}
