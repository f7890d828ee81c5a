package io.wan4j.media;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * A file in memory for a decoder, which is stopped when it keeps reading past the end. WebP's decoder takes missing
 * bits for zeros, with an exception for each: a file of some bytes could keep it busy for minutes.
 */
final class BoundedImageInput extends MemoryCacheImageInputStream {
    /** Decoders look a little ahead at the end of a whole file. */
    private static final int GRACE = 64;

    private int missed;

    BoundedImageInput(byte[] file) {
        super(new ByteArrayInputStream(file));
    }

    @Override
    public int read() throws IOException {
        int value = super.read();
        if (value < 0) {
            miss();
        }
        return value;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
        int count = super.read(into, from, length);
        if (count < length) {
            miss();
        }
        return count;
    }

    /** Unchecked, since the decoder swallows an EOFException. */
    private void miss() {
        if (++missed > GRACE) {
            throw new UncheckedIOException("its data end early", new EOFException());
        }
    }
}
