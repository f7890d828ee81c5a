package io.wan4j.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** The bytes of a small tensor in memory, for values that a file implies but does not hold. */
public final class HeapBytes implements TensorBytes {
    private final byte[] bytes;
    private final Path path;

    /** A copy of these bytes, little-endian, on behalf of a file. */
    public HeapBytes(byte[] bytes, Path path) {
        this.bytes = bytes.clone();
        this.path = path;
    }

    @Override
    public long length() {
        return bytes.length;
    }

    @Override
    public ByteBuffer map(long from, long length) {
        if (from < 0 || length < 0 || from > bytes.length - length) {
            throw new IllegalArgumentException(
                    "expected a window of " + bytes.length + " bytes, got " + length + " at " + from);
        }
        return ByteBuffer.wrap(bytes, (int) from, (int) length)
                .slice()
                .asReadOnlyBuffer()
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public Path path() {
        return path;
    }
}
