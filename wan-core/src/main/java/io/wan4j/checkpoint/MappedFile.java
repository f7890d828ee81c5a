package io.wan4j.checkpoint;

import io.wan4j.error.CheckpointException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A file whose parts are mapped into memory on demand, read-only, and shared with the page cache.
 *
 * <p>After {@link #close()} nothing can be mapped any more. On a runtime with {@code java.lang.foreign} the memory goes
 * at once, and reading a buffer that was handed out earlier throws {@link IllegalStateException}; on older ones the
 * collector unmaps a buffer when nobody holds it, so such a read still gives the file's bytes. Neither can crash.
 * Thread-safe.
 */
public final class MappedFile implements AutoCloseable {
    private static final int SMALL = 64 << 10;

    private final Path path;
    private final FileChannel channel;
    private final MapScope scope;
    private final long size;
    private volatile boolean closed;

    private MappedFile(Path path, FileChannel channel, long size) {
        this.path = path;
        this.channel = channel;
        this.size = size;
        this.scope = MapScope.open();
    }

    /**
     * Opens a file for mapping; reads nothing.
     *
     * @throws CheckpointException if there is no regular file
     * @throws UncheckedIOException if it cannot be opened
     */
    @SuppressWarnings("resource") // the channel lives as long as the mapped file
    public static MappedFile open(Path path) {
        if (!Files.isRegularFile(path)) {
            String got = Files.isDirectory(path) ? "a folder" : "nothing there";
            throw new CheckpointException(path + ": expected a checkpoint file, got " + got);
        }
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            return new MappedFile(path, channel, channel.size());
        } catch (IOException e) {
            throw new UncheckedIOException(path + ": cannot be opened", e);
        }
    }

    /** The file's path, as given. */
    public Path path() {
        return path;
    }

    /** The file's size in bytes when it was opened. */
    public long size() {
        return size;
    }

    /**
     * Maps a part of the file: read-only, little-endian, position 0, limit {@code length}.
     *
     * @throws IllegalArgumentException if the range leaves the file or is longer than {@link Integer#MAX_VALUE}
     * @throws IllegalStateException after {@link #close()}
     */
    public ByteBuffer map(long offset, long length) {
        checkRange(offset, length);
        checkOpen();
        if (length == 0) {
            return ByteBuffer.allocate(0).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        }
        try {
            return scope.map(channel, MapMode.READ_ONLY, offset, length)
                    .asReadOnlyBuffer()
                    .order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    path + ": " + length + " bytes at " + offset + " cannot be mapped; is the address space limited?",
                    e);
        }
    }

    /**
     * A part of the file as a tensor's bytes. The whole part is mapped once, when it is first asked for; windows of up
     * to 64 KiB are copied, because a mapping costs more than that.
     *
     * @throws IllegalArgumentException if the range leaves the file
     */
    public TensorBytes region(long offset, long length) {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new IllegalArgumentException(
                    path + ": expected a range within " + size + " bytes, got " + length + " bytes at " + offset);
        }
        return new Region(this, offset, length);
    }

    /**
     * Copies a part of the file into a new array; for headers, not for weights.
     *
     * @throws IllegalArgumentException if the range leaves the file
     * @throws IllegalStateException after {@link #close()}
     */
    public byte[] read(long offset, int length) {
        checkRange(offset, length);
        checkOpen();
        ByteBuffer bytes = ByteBuffer.allocate(length);
        try {
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, offset + bytes.position()) < 0) {
                    throw new CheckpointException(path + ": expected " + size
                            + " bytes, got an end at " + (offset + bytes.position())
                            + "; the file shrank while it was read");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(path + ": cannot be read", e);
        }
        return bytes.array();
    }

    /** True once {@link #close()} was called. */
    public boolean isClosed() {
        return closed;
    }

    /** Ends the use of the file. Calling it again does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        scope.close();
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(path + ": cannot be closed", e);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }

    private void checkRange(long offset, long length) {
        if (offset < 0 || length < 0 || length > Integer.MAX_VALUE || offset > size - length) {
            throw new IllegalArgumentException(path + ": expected a range within " + size
                    + " bytes and at most 2^31-1 long, got " + length + " bytes at " + offset);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException(path + " is closed");
        }
    }

    /** Bytes of the file; keeps the mapping of the whole, so that a tensor read twice is mapped once. */
    private static final class Region implements TensorBytes {
        private final MappedFile file;
        private final long offset;
        private final long length;
        private volatile @Nullable ByteBuffer whole;

        Region(MappedFile file, long offset, long length) {
            this.file = file;
            this.offset = offset;
            this.length = length;
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public ByteBuffer map(long from, long count) {
            if (from < 0 || count < 0 || from > length - count) {
                throw new IllegalArgumentException(
                        file + ": expected a window of " + length + " bytes, got " + count + " at " + from);
            }
            file.checkOpen();
            if (count <= SMALL) {
                return ByteBuffer.wrap(file.read(offset + from, (int) count))
                        .asReadOnlyBuffer()
                        .order(ByteOrder.LITTLE_ENDIAN);
            }
            if (from != 0 || count != length) {
                return file.map(offset + from, count);
            }
            ByteBuffer mapped = whole;
            if (mapped == null) {
                mapped = file.map(offset, length);
                whole = mapped;
            }
            return mapped.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        }

        @Override
        public Path path() {
            return file.path();
        }
    }
}
