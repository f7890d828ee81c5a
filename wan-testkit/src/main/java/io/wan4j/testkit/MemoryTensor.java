package io.wan4j.testkit;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A stored tensor that was made, not read: for tests.
 *
 * @param name for messages
 * @param shape extents
 * @param format of the bytes
 * @param content direct, little-endian
 */
public record MemoryTensor(String name, Shape shape, Format format, ByteBuffer content) implements StoredTensor {
    /** A tensor of these values, rounded to a floating format, or of I8 codes. */
    public static MemoryTensor of(String name, Format format, float[] values, long... dims) {
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(values.length * format.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        encode(format, values, bytes);
        return new MemoryTensor(name, Shape.of(dims), format, bytes);
    }

    /** Values to bytes: rounded to a floating format, or as I8. */
    static void encode(Format format, float[] values, ByteBuffer bytes) {
        if (format == Format.I8) {
            for (int i = 0; i < values.length; i++) {
                bytes.put(i, (byte) values[i]);
            }
        } else {
            FloatCodec.encode(format, values, 0, values.length, bytes, 0);
        }
    }

    /** Bytes to values; the inverse of {@link #encode}. */
    static float[] decode(Format format, ByteBuffer bytes, int count) {
        float[] values = new float[count];
        if (format == Format.I8) {
            for (int i = 0; i < count; i++) {
                values[i] = bytes.get(i);
            }
        } else {
            FloatCodec.decode(format, bytes, 0, values, 0, count);
        }
        return values;
    }

    @Override
    public String location() {
        return "memory";
    }

    @Override
    public ByteBuffer read(long offset, long length) {
        return content.slice((int) offset, (int) length).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }
}
