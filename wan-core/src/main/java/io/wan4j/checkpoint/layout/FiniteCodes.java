package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.TensorBytes;
import io.wan4j.error.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** E4M3 codes that are checked for NaN (0x7F and 0xFF) whenever they are read, eight at a time. */
record FiniteCodes(String name, TensorBytes source) implements TensorBytes {
    private static final long LOW_SEVEN = 0x7F7F7F7F7F7F7F7FL;
    private static final long HIGH = 0x8080808080808080L;
    private static final long ONES = 0x0101010101010101L;

    @Override
    public long length() {
        return source.length();
    }

    @Override
    public ByteBuffer map(long from, long length) {
        ByteBuffer bytes = source.map(from, length);
        int at = 0;
        for (; at + 8 <= bytes.limit(); at += 8) {
            // A byte whose low seven bits are all ones carries into its high bit when one is added.
            if (((bytes.getLong(at) & LOW_SEVEN) + ONES & HIGH) != 0) {
                break;
            }
        }
        for (; at < bytes.limit(); at++) {
            if ((bytes.get(at) & 0x7F) == 0x7F) {
                throw new CheckpointException(name + ": expected finite E4M3 codes, got NaN at element " + (from + at)
                        + " in " + path().getFileName() + "; the file is damaged or was quantised without saturation");
            }
        }
        return bytes;
    }

    @Override
    public Path path() {
        return source.path();
    }
}
