package io.wan4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Storage in the memory of the JVM's process: a little-endian buffer, usually direct. At most 2 GiB - 1 per tensor.
 *
 * @param buffer the bytes, from 0 to its capacity; position and limit are not used
 */
public record HostStorage(ByteBuffer buffer) implements Storage {
    /** Takes an own little-endian view of the whole buffer. */
    public HostStorage {
        buffer = buffer.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public long bytes() {
        return buffer.capacity();
    }

    @Override
    public HostStorage slice(long offset, long length) {
        return new HostStorage(buffer.slice(Math.toIntExact(offset), Math.toIntExact(length)));
    }
}
