package io.wan4j.onednn;

import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.bytedeco.javacpp.BytePointer;

/**
 * Bulk access to native elements from Java arrays. Larger tensors are seen through several buffers, since a buffer
 * holds less than 2 GiB. Used by any number of threads at once.
 */
final class View {
    private static final int WINDOW_BITS = 30;
    private static final long WINDOW = 1L << WINDOW_BITS;

    private final Format format;
    private final long count;
    private final long address;
    private final ByteBuffer[] bytes;
    private final FloatBuffer[] floats;
    private final ShortBuffer[] shorts;

    View(Tensor tensor) {
        this(NativeStorage.address(tensor), tensor.shape().count(), tensor.format());
    }

    View(long address, long count, Format format) {
        this.format = format;
        this.count = count;
        this.address = address;
        long total = count * format.bytes();
        int windows = Math.toIntExact((total + WINDOW - 1) >> WINDOW_BITS);
        bytes = new ByteBuffer[windows];
        floats = new FloatBuffer[format.bytes() == Float.BYTES ? windows : 0];
        shorts = new ShortBuffer[format.bytes() == Short.BYTES ? windows : 0];
        for (int i = 0; i < windows; i++) {
            long from = (long) i << WINDOW_BITS;
            bytes[i] = map(address + from, Math.min(WINDOW, total - from));
            if (floats.length > 0) {
                floats[i] = bytes[i].asFloatBuffer();
            }
            if (shorts.length > 0) {
                shorts[i] = bytes[i].asShortBuffer();
            }
        }
    }

    /** A little-endian buffer over native memory, which must outlive it. */
    static ByteBuffer map(long address, long length) {
        try (Address at = new Address()) {
            ByteBuffer buffer = new BytePointer(at.at(address)).capacity(length).asByteBuffer();
            return buffer.order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    Format format() {
        return format;
    }

    /** Where the first element is. */
    long address() {
        return address;
    }

    /** Number of elements. */
    long count() {
        return count;
    }

    /** Elements {@code from ..} as floats, whatever the format: F32, BF16 or F16. */
    void read(long from, float[] out, int at, int count, Lanes lanes, short[] halves) {
        if (format == Format.F32) {
            getFloats(from, out, at, count);
        } else {
            getShorts(from, halves, 0, count);
            if (format == Format.BF16) {
                lanes.fromBf16(halves, 0, out, at, count);
            } else {
                lanes.fromF16(halves, 0, out, at, count);
            }
        }
    }

    /** Floats to elements {@code from ..}, rounded to nearest even: F32, BF16 or F16. */
    void write(long from, float[] in, int at, int count, Lanes lanes, short[] halves) {
        if (format == Format.F32) {
            putFloats(from, in, at, count);
        } else {
            if (format == Format.BF16) {
                lanes.toBf16(in, at, halves, 0, count);
            } else {
                lanes.toF16(in, at, halves, 0, count);
            }
            putShorts(from, halves, 0, count);
        }
    }

    /**
     * Copies rows to another view of the same format, F32 or BF16, with other strides; behind each row come elements
     * that are given once for all.
     *
     * @param from first element of the first row here
     * @param stride elements between rows here
     * @param columns elements of a row
     */
    record Rows(long from, long stride, int columns) {}

    /** Copies {@code count} rows to the start of {@code out}, each followed by {@code tail}. */
    void copyRows(Rows rows, int count, View out, float[] tail, Worker worker) {
        int width = rows.columns() + tail.length;
        if (format == Format.BF16) {
            short[] all = worker.halves(width * count);
            short[] end = new short[tail.length];
            worker.lanes().toBf16(tail, 0, end, 0, tail.length);
            for (int r = 0; r < count; r++) {
                getShorts(rows.from() + r * rows.stride(), all, r * width, rows.columns());
                System.arraycopy(end, 0, all, r * width + rows.columns(), end.length);
            }
            out.putShorts(0, all, 0, width * count);
        } else {
            float[] all = worker.floats(0, width * count);
            for (int r = 0; r < count; r++) {
                getFloats(rows.from() + r * rows.stride(), all, r * width, rows.columns());
                System.arraycopy(tail, 0, all, r * width + rows.columns(), tail.length);
            }
            out.putFloats(0, all, 0, width * count);
        }
    }

    void getFloats(long from, float[] out, int at, int count) {
        int window = (int) (from >> WINDOW_BITS - 2);
        int index = (int) (from & (WINDOW >> 2) - 1);
        int here = (int) Math.min(count, (WINDOW >> 2) - index);
        floats[window].get(index, out, at, here);
        if (here < count) {
            floats[window + 1].get(0, out, at + here, count - here);
        }
    }

    void putFloats(long to, float[] in, int at, int count) {
        int window = (int) (to >> WINDOW_BITS - 2);
        int index = (int) (to & (WINDOW >> 2) - 1);
        int here = (int) Math.min(count, (WINDOW >> 2) - index);
        floats[window].put(index, in, at, here);
        if (here < count) {
            floats[window + 1].put(0, in, at + here, count - here);
        }
    }

    void getShorts(long from, short[] out, int at, int count) {
        int window = (int) (from >> WINDOW_BITS - 1);
        int index = (int) (from & (WINDOW >> 1) - 1);
        int here = (int) Math.min(count, (WINDOW >> 1) - index);
        shorts[window].get(index, out, at, here);
        if (here < count) {
            shorts[window + 1].get(0, out, at + here, count - here);
        }
    }

    void putShorts(long to, short[] in, int at, int count) {
        int window = (int) (to >> WINDOW_BITS - 1);
        int index = (int) (to & (WINDOW >> 1) - 1);
        int here = (int) Math.min(count, (WINDOW >> 1) - index);
        shorts[window].put(index, in, at, here);
        if (here < count) {
            shorts[window + 1].put(0, in, at + here, count - here);
        }
    }

    void getCodes(long from, byte[] out, int at, int count) {
        int window = (int) (from >> WINDOW_BITS);
        int index = (int) (from & WINDOW - 1);
        int here = (int) Math.min(count, WINDOW - index);
        bytes[window].get(index, out, at, here);
        if (here < count) {
            bytes[window + 1].get(0, out, at + here, count - here);
        }
    }

    void putCodes(long to, byte[] in, int at, int count) {
        int window = (int) (to >> WINDOW_BITS);
        int index = (int) (to & WINDOW - 1);
        int here = (int) Math.min(count, WINDOW - index);
        bytes[window].put(index, in, at, here);
        if (here < count) {
            bytes[window + 1].put(0, in, at + here, count - here);
        }
    }

    /** All bytes of the tensor from the buffer's start. */
    void putBytes(ByteBuffer source) {
        for (ByteBuffer window : bytes) {
            int length = window.capacity();
            window.duplicate().put(source.duplicate().limit(source.position() + length));
            source.position(source.position() + length);
        }
    }

    /** All bytes of the tensor to the buffer's start. */
    void getBytes(ByteBuffer target) {
        for (ByteBuffer window : bytes) {
            target.put(window.duplicate());
        }
    }
}
