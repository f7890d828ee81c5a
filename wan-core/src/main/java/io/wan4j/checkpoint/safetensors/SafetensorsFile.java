package io.wan4j.checkpoint.safetensors;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.MappedFile;
import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.error.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A safetensors file: 8 bytes header length, a JSON header, then the tensors' bytes without gaps.
 *
 * <p>Opening reads and checks the header alone: known dtypes, sizes that follow from the shapes, ranges that neither
 * overlap nor leave gaps and that cover the file to its end, no name twice. Source: the format's specification at <a
 * href="https://github.com/huggingface/safetensors#format">huggingface/safetensors</a>.
 */
public final class SafetensorsFile implements TensorFiles {
    /** The longest header that the format allows, in bytes. */
    public static final int MAX_HEADER = 100_000_000;

    private final MappedFile file;
    private final Map<String, CheckpointTensor> tensors;
    private final Map<String, String> metadata;

    private SafetensorsFile(MappedFile file, Map<String, CheckpointTensor> tensors, Map<String, String> metadata) {
        this.file = file;
        this.tensors = tensors;
        this.metadata = metadata;
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws CheckpointException if it is not a sound safetensors file
     */
    public static SafetensorsFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        try {
            return parse(file);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static SafetensorsFile parse(MappedFile file) {
        if (file.size() < 8) {
            throw new CheckpointException(file + ": expected a safetensors file of at least 8 bytes, got " + file.size()
                    + "; is the download complete?");
        }
        long length =
                ByteBuffer.wrap(file.read(0, 8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 2 || length > MAX_HEADER) {
            throw new CheckpointException(file + ": expected a header of 2 to " + MAX_HEADER + " bytes, got "
                    + Long.toUnsignedString(length) + "; is this a safetensors file?");
        }
        if (length > file.size() - 8) {
            throw new CheckpointException(file + ": expected a header of " + length + " bytes, got a file of "
                    + file.size() + " bytes; is the download complete?");
        }
        HeaderParser.Header header = HeaderParser.parse(file.toString(), file.read(8, (int) length));
        long start = 8 + length;
        header.checkCovers(file.toString(), file.size() - start);
        Map<String, CheckpointTensor> tensors = new LinkedHashMap<>();
        for (HeaderParser.Entry entry : header.entries()) {
            tensors.put(
                    entry.name(),
                    new CheckpointTensor(
                            entry.name(),
                            entry.shape(),
                            entry.format(),
                            file.region(start + entry.begin(), entry.end() - entry.begin())));
        }
        return new SafetensorsFile(file, Collections.unmodifiableMap(tensors), Map.copyOf(header.metadata()));
    }

    public Path path() {
        return file.path();
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public Optional<CheckpointTensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    @Override
    public List<Path> files() {
        return List.of(file.path());
    }

    /** The strings of {@code __metadata__}. */
    @Override
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return "safetensors " + file;
    }
}
