package io.wan4j.checkpoint.safetensors;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.tensor.FloatCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Writes a safetensors file tensor by tensor, in any order, without holding more than one piece in memory.
 *
 * <p>The data goes to a hidden file beside the target, which takes the target's name only in {@link #finish()}, when
 * every byte is there. Closing an unfinished writer removes it. An existing target is replaced.
 */
public final class SafetensorsWriter implements AutoCloseable {
    private static final int PIECE = 1 << 20;

    private final Path target;
    private final Path partial;
    private final FileChannel channel;
    private final long size;
    private final byte[] header;
    private final Map<String, Pending> pending = new LinkedHashMap<>();
    private boolean finished;

    private SafetensorsWriter(Path target, Path partial, FileChannel channel, HeaderWriter.Layout layout) {
        this.target = target;
        this.partial = partial;
        this.channel = channel;
        this.size = layout.size();
        this.header = layout.header();
    }

    /** A tensor, where it begins, and how many of its bytes are written. */
    private static final class Pending {
        final TensorSpec spec;
        final long offset;
        long written;

        Pending(TensorSpec spec, long offset) {
            this.spec = spec;
            this.offset = offset;
        }
    }

    /**
     * Begins a file with these tensors.
     *
     * @param metadata free text for {@code __metadata__}; may be empty
     * @throws IllegalArgumentException if a name comes twice
     * @throws UncheckedIOException if the file cannot be made
     */
    @SuppressWarnings("resource") // the channel lives as long as the writer
    public static SafetensorsWriter create(Path target, List<TensorSpec> tensors, Map<String, String> metadata) {
        return open(target, tensors, metadata, Set.of());
    }

    /**
     * Goes on with a file that a writer with the same tensors and metadata began and did not live to finish.
     *
     * @param finished tensors that it wrote completely; the others are written again
     * @throws IllegalArgumentException if a name comes twice, or a finished one is none of the tensors
     * @throws UncheckedIOException if the file cannot be opened
     */
    public static SafetensorsWriter resume(
            Path target, List<TensorSpec> tensors, Map<String, String> metadata, Set<String> finished) {
        SafetensorsWriter writer = open(target, tensors, metadata, finished);
        finished.forEach(writer::writeZeros);
        return writer;
    }

    /** Where an unfinished file is. */
    public static Path partial(Path target) {
        return target.resolveSibling("." + target.getFileName() + ".part");
    }

    @SuppressWarnings("resource") // the channel lives as long as the writer
    private static SafetensorsWriter open(
            Path target, List<TensorSpec> tensors, Map<String, String> metadata, Set<String> finished) {
        HeaderWriter.Layout layout = HeaderWriter.layOut(tensors, metadata);
        Path partial = partial(target);
        try {
            FileChannel channel = finished.isEmpty()
                    ? FileChannel.open(
                            partial,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE)
                    : FileChannel.open(partial, StandardOpenOption.WRITE);
            SafetensorsWriter writer = new SafetensorsWriter(target, partial, channel, layout);
            for (TensorSpec spec : tensors) {
                writer.pending.put(
                        spec.name(),
                        new Pending(
                                spec, Objects.requireNonNull(layout.offsets().get(spec.name()))));
            }
            return writer;
        } catch (IOException e) {
            throw new UncheckedIOException(target + ": cannot be written", e);
        }
    }

    /**
     * Appends the remaining bytes of {@code bytes} to a tensor; a tensor may come in several pieces.
     *
     * @throws IllegalArgumentException if there is no such tensor or these are more bytes than it has left
     */
    public void write(String name, ByteBuffer bytes) {
        Pending tensor = tensor(name);
        int length = bytes.remaining();
        if (length > tensor.spec.byteLength() - tensor.written) {
            throw new IllegalArgumentException(name + ": expected at most "
                    + (tensor.spec.byteLength() - tensor.written) + " more bytes, got " + length);
        }
        try {
            writeFully(bytes.duplicate(), tensor.offset + tensor.written);
        } catch (IOException e) {
            throw new UncheckedIOException(target + ": " + name + " cannot be written; is the disk full?", e);
        }
        tensor.written += length;
    }

    /** Appends floats to a tensor of a floating format, rounded to nearest even. */
    public void write(String name, float[] values) {
        TensorSpec spec = tensor(name).spec;
        int width = spec.format().bytes();
        ByteBuffer piece = ByteBuffer.allocate(Math.min(PIECE, Math.multiplyExact(values.length, width)))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < values.length; from += PIECE / width) {
            int count = Math.min(PIECE / width, values.length - from);
            FloatCodec.encode(spec.format(), values, from, count, piece, 0);
            write(name, piece.clear().limit(count * width));
        }
    }

    /** Copies a stored tensor of the same name and format, piece by piece. */
    public void write(CheckpointTensor tensor) {
        TensorSpec spec = tensor(tensor.name()).spec;
        if (!spec.equals(TensorSpec.of(tensor))) {
            throw new IllegalArgumentException("expected " + spec + ", got " + TensorSpec.of(tensor));
        }
        long piece = 256L << 20;
        for (long from = 0; from < tensor.bytes(); from += piece) {
            write(tensor.name(), tensor.read(from, Math.min(piece, tensor.bytes() - from)));
        }
    }

    /** Fills the rest of a tensor with zeros: a hole in the file where the file system can. */
    public void writeZeros(String name) {
        Pending tensor = tensor(name);
        tensor.written = tensor.spec.byteLength();
    }

    /**
     * Ends the file and gives it its name.
     *
     * @throws IllegalStateException if bytes of a tensor are missing; the message names it
     */
    public void finish() {
        for (Pending tensor : pending.values()) {
            if (tensor.written != tensor.spec.byteLength()) {
                throw new IllegalStateException(target + ": " + tensor.spec.name() + ": expected "
                        + tensor.spec.byteLength() + " bytes, got " + tensor.written);
            }
        }
        try {
            if (channel.size() < size) {
                writeFully(ByteBuffer.allocate(1), size - 1);
            }
            channel.force(false);
            writeFully(ByteBuffer.wrap(header), 0);
            channel.force(true);
            channel.close();
            try {
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(partial, target, StandardCopyOption.REPLACE_EXISTING);
            }
            finished = true;
        } catch (IOException e) {
            throw new UncheckedIOException(target + ": cannot be finished; is the disk full?", e);
        }
    }

    /** Removes what was written unless the file is finished. */
    @Override
    public void close() {
        try {
            channel.close();
            if (!finished) {
                Files.deleteIfExists(partial);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(partial + ": cannot be removed", e);
        }
    }

    private Pending tensor(String name) {
        Pending tensor = pending.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(name + ": expected one of the tensors announced for " + target);
        }
        return tensor;
    }

    private void writeFully(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }
}
