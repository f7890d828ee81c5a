package io.wan4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.BooleanSupplier;

/** Storage in the memory of the JVM's process: a little-endian buffer, usually direct. At most 2 GiB - 1 per tensor. */
public final class HostStorage implements Storage {
    private final ByteBuffer buffer;
    private final BooleanSupplier open;

    /** Storage that lives as long as the buffer: an own little-endian view of it, from 0 to its capacity. */
    public HostStorage(ByteBuffer buffer) {
        this(buffer, () -> true);
    }

    /**
     * Storage in memory that its owner frees.
     *
     * @param buffer the bytes, from 0 to its capacity; position and limit are not used
     * @param open false once the memory was freed; {@link #buffer} is an error from then on
     */
    public HostStorage(ByteBuffer buffer, BooleanSupplier open) {
        this.buffer = buffer.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
        this.open = open;
    }

    /**
     * The bytes, little-endian, from 0 to the capacity. Not to be kept beyond the operation that asks for them.
     *
     * @throws IllegalStateException if the memory was freed
     */
    public ByteBuffer buffer() {
        if (!open.getAsBoolean()) {
            throw new IllegalStateException("a tensor was used after the arena or scope that held it was closed");
        }
        return buffer;
    }

    @Override
    public long bytes() {
        return buffer.capacity();
    }

    @Override
    public HostStorage slice(long offset, long length) {
        return new HostStorage(buffer.slice(Math.toIntExact(offset), Math.toIntExact(length)), open);
    }
}
