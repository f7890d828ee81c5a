package io.wan4j.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The bytes of a tensor, row-major and little-endian: mapped from a file, or computed from other bytes when read. */
public interface TensorBytes {

    /** Number of bytes. */
    long length();

    /**
     * A window of the bytes: read-only or private to the caller, little-endian, position 0, limit {@code length}.
     *
     * @throws IllegalArgumentException if the window leaves the tensor or has 2 GiB or more
     * @throws IllegalStateException if the file behind it is closed
     */
    ByteBuffer map(long from, long length);

    /** The file, or the first of the files, behind the bytes. */
    Path path();
}
