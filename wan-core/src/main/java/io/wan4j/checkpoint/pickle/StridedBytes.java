package io.wan4j.checkpoint.pickle;

import io.wan4j.checkpoint.TensorBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * A tensor whose elements do not lie in row-major order in the file, for example a transposed matrix: copied into order
 * when it is read.
 *
 * @param source the storage
 * @param width bytes of an element
 * @param first index of the first element in the storage
 * @param shape extents
 * @param strides in elements
 */
record StridedBytes(TensorBytes source, int width, long first, long[] shape, long[] strides) implements TensorBytes {
    @Override
    public long length() {
        long count = width;
        for (long extent : shape) {
            count *= extent;
        }
        return count;
    }

    @Override
    public ByteBuffer map(long from, long length) {
        if (from < 0 || length < 0 || length > Integer.MAX_VALUE || from > length() - length) {
            throw new IllegalArgumentException(
                    "expected a window of " + length() + " bytes below 2 GiB, got " + length + " at " + from);
        }
        ByteBuffer target = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer storage = source.map(0, source.length());
        for (long at = from; at < from + length; at++) {
            target.put(storage.get(Math.toIntExact(place(at / width) * width + at % width)));
        }
        return target.flip();
    }

    @Override
    public Path path() {
        return source.path();
    }

    private long place(long element) {
        long rest = element;
        long place = first;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            place += rest % shape[axis] * strides[axis];
            rest /= shape[axis];
        }
        return place;
    }
}
