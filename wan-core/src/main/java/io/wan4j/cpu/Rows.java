package io.wan4j.cpu;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * A tensor seen as rows of its last axis, read and written as floats. Codes are read as the numbers that they stand for,
 * without their scale. Rows and columns may be used by several threads at once.
 */
final class Rows {
    private final ByteBuffer bytes;
    private final Format format;
    private final int columns;
    private final int count;

    private Rows(Tensor tensor) {
        this.bytes = HostMemory.bytes(tensor);
        this.format = tensor.format();
        this.columns = Math.toIntExact(tensor.shape().columns());
        this.count = Math.toIntExact(tensor.shape().rows());
    }

    static Rows of(Tensor tensor) {
        return new Rows(tensor);
    }

    /** All elements of a small tensor of floating format. */
    static float[] all(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().count())];
        FloatCodec.decode(tensor.format(), HostMemory.bytes(tensor), 0, values, 0, values.length);
        return values;
    }

    int count() {
        return count;
    }

    int columns() {
        return columns;
    }

    /** A row into {@code target} from {@code to} on. */
    void read(int row, float[] target, int to) {
        read(row, 0, columns, target, to);
    }

    /** Columns {@code first .. first + length} of a row into {@code target} from {@code to} on. */
    void read(int row, int first, int length, float[] target, int to) {
        int from = (row * columns + first) * format.bytes();
        if (format == Format.I8) {
            for (int i = 0; i < length; i++) {
                target[to + i] = bytes.get(from + i);
            }
        } else {
            FloatCodec.decode(format, bytes, from, target, to, length);
        }
    }

    /** A row from {@code source} from {@code from} on, in a floating format. */
    void write(int row, float[] source, int from) {
        write(row, 0, columns, source, from);
    }

    /** Columns {@code first .. first + length} of a row. */
    void write(int row, int first, int length, float[] source, int from) {
        FloatCodec.encode(format, source, from, length, bytes, (row * columns + first) * format.bytes());
    }

    /** A row of codes. */
    void writeCodes(int row, float[] codes, int from) {
        int to = row * columns;
        if (format == Format.I8) {
            for (int i = 0; i < columns; i++) {
                bytes.put(to + i, (byte) codes[from + i]);
            }
        } else {
            FloatCodec.encode(format, codes, from, columns, bytes, to);
        }
    }
}
