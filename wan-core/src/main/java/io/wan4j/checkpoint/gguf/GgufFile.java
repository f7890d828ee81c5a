package io.wan4j.checkpoint.gguf;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.MappedFile;
import io.wan4j.checkpoint.TensorBytes;
import io.wan4j.checkpoint.TensorFiles;
import io.wan4j.error.CheckpointException;
import io.wan4j.error.ShapeException;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A GGUF file. Tensors in plain formats are mapped; blocks of codes (Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K to Q6_K) appear
 * as F16 tensors that are decoded when they are read. Extents come outermost first, and tensors with more than four of
 * them get the shape that {@code comfy.gguf.orig_shape.NAME} tells. Source: {@code ggml/docs/gguf.md}.
 */
public final class GgufFile implements TensorFiles {
    /** Metadata key under which the formats in the file are counted, for example {@code 480 Q8_0, 823 F32}. */
    public static final String TYPES = "gguf.types";

    private static final int MAGIC = 0x46554747;
    private static final int MAX_HEADER = 256 << 20;
    private static final long DEFAULT_ALIGNMENT = 32;
    private static final String ORIGINAL_SHAPE = "comfy.gguf.orig_shape.";

    private final MappedFile file;
    private final Map<String, CheckpointTensor> tensors;
    private final Map<String, String> metadata;

    private GgufFile(MappedFile file, Map<String, CheckpointTensor> tensors, Map<String, String> metadata) {
        this.file = file;
        this.tensors = tensors;
        this.metadata = metadata;
    }

    /**
     * Opens a file and reads its header.
     *
     * @throws CheckpointException if it is not a sound GGUF file
     */
    public static GgufFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        try {
            return parse(file);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static GgufFile parse(MappedFile file) {
        ByteBuffer head = file.map(0, Math.min(file.size(), MAX_HEADER));
        if (head.limit() < 24 || head.getInt(0) != MAGIC) {
            throw new CheckpointException(file + ": expected a GGUF file; is the download complete?");
        }
        GgufReader.Header header = new GgufReader(file.toString(), head).header();
        long alignment = alignment(file, header.texts());
        long start = (header.end() + alignment - 1) / alignment * alignment;
        Map<String, CheckpointTensor> tensors = new LinkedHashMap<>();
        for (GgufReader.Info info : header.tensors()) {
            if (tensors.put(info.name(), tensor(file, header, info, start)) != null) {
                throw new CheckpointException(file + ": " + info.name() + ": expected each tensor once, got two");
            }
        }
        Map<String, String> metadata = new LinkedHashMap<>(header.texts());
        metadata.put(TYPES, types(header));
        return new GgufFile(file, Collections.unmodifiableMap(tensors), Collections.unmodifiableMap(metadata));
    }

    private static String types(GgufReader.Header header) {
        Map<GgufType, Long> counts = header.tensors().stream()
                .collect(Collectors.groupingBy(
                        GgufReader.Info::type, () -> new EnumMap<>(GgufType.class), Collectors.counting()));
        return counts.entrySet().stream()
                .map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", "));
    }

    private static long alignment(MappedFile file, Map<String, String> texts) {
        String text = texts.getOrDefault("general.alignment", Long.toString(DEFAULT_ALIGNMENT));
        boolean sound = text.matches("[0-9]{1,6}") && Long.bitCount(Long.parseLong(text)) == 1;
        if (!sound) {
            throw new CheckpointException(file + ": expected general.alignment to be a power of two, got " + text);
        }
        return Long.parseLong(text);
    }

    private static CheckpointTensor tensor(
            MappedFile file, GgufReader.Header header, GgufReader.Info info, long start) {
        long[] dims = header.shapes().getOrDefault(ORIGINAL_SHAPE + info.name(), info.shape());
        GgufType type = info.type();
        try {
            Shape stored = Shape.of(info.shape());
            Shape shape = Shape.of(dims);
            long blocks = stored.count() / type.blockElements();
            long length = Math.multiplyExact(blocks, (long) type.blockBytes());
            Math.multiplyExact(shape.count(), 8L);
            if (shape.count() != stored.count() || stored.columns() % type.blockElements() != 0) {
                throw new CheckpointException(file + ": " + info.name() + ": expected rows of whole " + type
                        + " blocks, got " + stored + " for " + shape);
            }
            if (info.offset() < 0
                    || info.offset() > file.size() - start
                    || length > file.size() - start - info.offset()) {
                throw new CheckpointException(file + ": " + info.name() + ": expected " + length
                        + " bytes within the file, got offset " + info.offset() + "; is the download complete?");
            }
            TensorBytes bytes = file.region(start + info.offset(), length);
            return type.plain()
                    .map(format -> new CheckpointTensor(info.name(), shape, format, bytes))
                    .orElseGet(
                            () -> new CheckpointTensor(info.name(), shape, Format.F16, new DecodedBytes(type, bytes)));
        } catch (ShapeException | ArithmeticException e) {
            throw new CheckpointException(
                    file + ": " + info.name() + ": expected a shape that a file can hold, got " + Arrays.toString(dims),
                    e);
        }
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
        return "GGUF " + file;
    }
}
