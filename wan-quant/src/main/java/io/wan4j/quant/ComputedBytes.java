package io.wan4j.quant;

import io.wan4j.checkpoint.TensorBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * Bytes of an output tensor, computed when they are read, on all cores. The input is read in small pieces, which are
 * copied and not mapped, so that memory stays bounded.
 *
 * @param length all bytes
 * @param encoder makes rows
 * @param path the file that they are made from
 */
record ComputedBytes(long length, RowEncoder encoder, Path path) implements TensorBytes {
    private static final int PIECE = 1 << 16;

    @Override
    public ByteBuffer map(long from, long count) {
        long row = encoder.rowBytes();
        if (from < 0 || count < 0 || from > length - count) {
            throw new IllegalArgumentException(
                    "expected a window of " + length + " bytes, got " + count + " at " + from);
        }
        if (count == 0) {
            return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
        }
        int first = Math.toIntExact(from / row);
        int rows = Math.toIntExact((from + count + row - 1) / row) - first;
        ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(rows * row)).order(ByteOrder.LITTLE_ENDIAN);
        int group = (int) Math.max(1, PIECE / Math.max(1, encoder.inputRowBytes()));
        IntStream.range(0, (rows + group - 1) / group).parallel().forEach(i -> {
            int start = i * group;
            encoder.encode(first + start, Math.min(group, rows - start), out, Math.toIntExact(start * row));
        });
        return out.slice(Math.toIntExact(from - first * row), Math.toIntExact(count))
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}
