package io.wan4j.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/** Several tensors one after the other along their first axis; copied only where a window spans two of them. */
public final class ConcatenatedBytes implements TensorBytes {
    private final List<CheckpointTensor> parts;
    private final long length;

    /**
     * The rows of all parts in this order.
     *
     * @throws IllegalArgumentException if there are no parts
     */
    public ConcatenatedBytes(List<CheckpointTensor> parts) {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("expected at least one tensor to concatenate");
        }
        this.parts = List.copyOf(parts);
        this.length = parts.stream().mapToLong(CheckpointTensor::bytes).sum();
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public ByteBuffer map(long from, long count) {
        if (from < 0 || count < 0 || count > Integer.MAX_VALUE || from > length - count) {
            throw new IllegalArgumentException(
                    "expected a window of " + length + " bytes below 2 GiB, got " + count + " at " + from);
        }
        ByteBuffer copy = null;
        long begin = 0;
        for (CheckpointTensor part : parts) {
            long first = Math.max(from, begin);
            long last = Math.min(from + count, begin + part.bytes());
            if (first < last && last - first == count) {
                return part.read(first - begin, count);
            }
            if (first < last) {
                copy = copy == null ? ByteBuffer.allocateDirect((int) count) : copy;
                copy.put(part.read(first - begin, last - first));
            }
            begin += part.bytes();
        }
        return (copy == null ? ByteBuffer.allocate(0) : copy.flip()).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public Path path() {
        return parts.get(0).path();
    }
}
