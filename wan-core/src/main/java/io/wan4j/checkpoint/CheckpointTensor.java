package io.wan4j.checkpoint;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * One tensor in a checkpoint file: where its bytes lie and how to read them. Nothing is read before it is asked for.
 * Elements are row-major, contiguous and little-endian. Thread-safe; unusable once the file it came from is closed.
 */
public final class CheckpointTensor implements StoredTensor {
    private final String name;
    private final Shape shape;
    private final Format format;
    private final TensorBytes bytes;

    /**
     * A tensor with these bytes.
     *
     * @throws IllegalArgumentException if there are not exactly as many bytes as shape and format ask for
     */
    public CheckpointTensor(String name, Shape shape, Format format, TensorBytes bytes) {
        long length = Math.multiplyExact(shape.count(), (long) format.bytes());
        if (bytes.length() != length) {
            throw new IllegalArgumentException(
                    name + ": expected " + length + " bytes for " + format + " " + shape + ", got " + bytes.length());
        }
        this.name = name;
        this.shape = shape;
        this.format = format;
        this.bytes = bytes;
    }

    /** The name under which it is known: the file's own, or a canonical one in a renaming view. */
    @Override
    public String name() {
        return name;
    }

    @Override
    public Shape shape() {
        return shape;
    }

    @Override
    public Format format() {
        return format;
    }

    /** The file that holds the bytes. */
    public Path path() {
        return bytes.path();
    }

    @Override
    public String location() {
        return String.valueOf(bytes.path().getFileName());
    }

    /** The same bytes under another name. */
    public CheckpointTensor named(String other) {
        return new CheckpointTensor(other, shape, format, bytes);
    }

    /** The same bytes under another name and another shape with as many elements. */
    public CheckpointTensor reshaped(String other, Shape target) {
        return new CheckpointTensor(other, target, format, bytes);
    }

    /** The same bytes behind another reader, for example one that checks them. */
    public CheckpointTensor through(UnaryOperator<TensorBytes> reader) {
        return new CheckpointTensor(name, shape, format, reader.apply(bytes));
    }

    /** Rows {@code from} (included) to {@code to} of the first axis, under another name; shares the bytes. */
    public CheckpointTensor rows(String other, long from, long to) {
        if (from < 0 || from > to || to > shape.dim(0)) {
            throw new IllegalArgumentException(
                    name + ": expected rows within [0," + shape.dim(0) + "], got [" + from + "," + to + "]");
        }
        Shape part = shape.withFirst(to - from);
        long rowBytes = part.count() == 0 ? 0 : bytes() / shape.dim(0);
        return new CheckpointTensor(other, part, format, new Window(bytes, from * rowBytes, (to - from) * rowBytes));
    }

    /**
     * All bytes, mapped: read-only, little-endian, position 0. Each call gives a buffer with its own position on the
     * same memory.
     *
     * @throws IllegalArgumentException if there are 2 GiB or more; read such a tensor by {@link #read}
     * @throws IllegalStateException if the file is closed
     */
    public ByteBuffer map() {
        return bytes.map(0, bytes.length());
    }

    @Override
    public ByteBuffer read(long offset, long length) {
        return bytes.map(offset, length);
    }

    /**
     * The elements as floats, row-major; integers are converted too.
     *
     * @throws IllegalArgumentException if there are more elements than an array holds
     */
    public float[] toFloats() {
        float[] values = new float[arrayLength()];
        if (format.isFloat()) {
            FloatCodec.decode(format, map(), 0, values, 0, values.length);
        } else {
            ByteBuffer elements = map();
            for (int i = 0; i < values.length; i++) {
                values[i] = integer(elements, i);
            }
        }
        return values;
    }

    /**
     * The elements of an integer or boolean tensor, row-major; U8 and BOOL are unsigned.
     *
     * @throws IllegalArgumentException if the format is floating or there are more elements than an array holds
     */
    public long[] toLongs() {
        if (format.isFloat()) {
            throw new IllegalArgumentException(name + ": expected an integer format, got " + format);
        }
        long[] values = new long[arrayLength()];
        ByteBuffer elements = map();
        for (int i = 0; i < values.length; i++) {
            values[i] = integer(elements, i);
        }
        return values;
    }

    @Override
    public String toString() {
        return name + " " + format + " " + shape + " in " + bytes.path();
    }

    private long integer(ByteBuffer elements, int index) {
        return switch (format) {
            case I64 -> elements.getLong(8 * index);
            case I32 -> elements.getInt(4 * index);
            case I16 -> elements.getShort(2 * index);
            case I8 -> elements.get(index);
            case U8, BOOL -> elements.get(index) & 0xFF;
            default -> throw new IllegalStateException("not an integer format: " + format);
        };
    }

    private int arrayLength() {
        if (bytes() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(name + ": expected less than 2 GiB, got " + bytes() + " bytes");
        }
        return (int) shape.count();
    }

    /** A part of other bytes. */
    private record Window(TensorBytes whole, long start, long length) implements TensorBytes {
        @Override
        public ByteBuffer map(long from, long count) {
            if (from < 0 || count < 0 || from > length - count) {
                throw new IllegalArgumentException(
                        "expected a window of " + length + " bytes, got " + count + " at " + from);
            }
            return whole.map(start + from, count);
        }

        @Override
        public Path path() {
            return whole.path();
        }
    }
}
