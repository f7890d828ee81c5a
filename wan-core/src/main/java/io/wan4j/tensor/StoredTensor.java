package io.wan4j.tensor;

import io.wan4j.error.ShapeException;
import java.nio.ByteBuffer;

/**
 * A tensor in a checkpoint: described, not loaded. Bytes are read on demand, usually from a memory map. Row-major,
 * little-endian. Usable as long as its checkpoint is open.
 */
public interface StoredTensor {
    /** Canonical name, for messages. */
    String name();

    /** Extents. */
    Shape shape();

    /** Element format in the file. */
    Format format();

    /** Where it stands, for messages: the file's name. */
    String location();

    /**
     * A read-only little-endian view (or copy) of a part of the tensor's bytes.
     *
     * @param offset first byte, from the start of the tensor
     * @param length bytes, below 2 GiB
     */
    ByteBuffer read(long offset, long length);

    /** Bytes of the elements. */
    default long bytes() {
        return shape().count() * format().bytes();
    }

    /** A view of the entries {@code from <= i < to} of the first axis. */
    default StoredTensor slice(long from, long to) {
        if (from < 0 || to < from || to > shape().dim(0)) {
            throw new ShapeException(name() + ": expected a range within " + shape() + ", got " + from + ".." + to);
        }
        long stride = shape().dim(0) == 0 ? 0 : bytes() / shape().dim(0);
        return new StoredView(this, shape().withFirst(to - from), from * stride);
    }

    /** The same elements under another shape. */
    default StoredTensor reshape(long... dims) {
        Shape target = Shape.of(dims);
        if (target.count() != shape().count()) {
            throw new ShapeException(name() + ": expected as many elements as " + shape() + ", got " + target);
        }
        return new StoredView(this, target, 0);
    }
}
