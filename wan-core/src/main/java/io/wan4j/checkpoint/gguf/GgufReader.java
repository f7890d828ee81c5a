package io.wan4j.checkpoint.gguf;

import io.wan4j.error.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the header of a GGUF file: key-value pairs and tensor descriptions. Keeps nothing that is not needed. */
final class GgufReader {
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int MAX_KEPT_TEXT = 4096;
    private static final int MAX_RANK = 16;

    private final String file;
    private final ByteBuffer in;

    GgufReader(String file, ByteBuffer in) {
        this.file = file;
        this.in = in;
    }

    /**
     * A tensor's description.
     *
     * @param shape outermost first
     * @param offset from the start of the data
     */
    record Info(String name, long[] shape, GgufType type, long offset) {}

    /**
     * The header.
     *
     * @param texts scalars and short strings, as text
     * @param shapes arrays of integers with at most 16 entries, such as original shapes
     * @param tensors descriptions, in the order of the file
     * @param end first byte after the header
     */
    record Header(Map<String, String> texts, Map<String, long[]> shapes, List<Info> tensors, long end) {}

    Header header() {
        in.position(4);
        int version = (int) u32();
        if (version != 2 && version != 3) {
            throw failure("GGUF version 2 or 3, got " + version);
        }
        long tensors = count();
        long pairs = count();
        Map<String, String> texts = new LinkedHashMap<>();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (long i = 0; i < pairs; i++) {
            pair(texts, shapes);
        }
        List<Info> infos = new ArrayList<>();
        for (long i = 0; i < tensors; i++) {
            infos.add(info());
        }
        return new Header(texts, shapes, infos, in.position());
    }

    private void pair(Map<String, String> texts, Map<String, long[]> shapes) {
        String key = text();
        int type = (int) u32();
        if (type == ARRAY) {
            array().ifPresent(values -> shapes.put(key, values));
        } else if (type == STRING) {
            String value = text();
            if (value.length() <= MAX_KEPT_TEXT) {
                texts.put(key, value);
            }
        } else {
            texts.put(key, scalar(type));
        }
    }

    /** A short array of integers; others are skipped. */
    private Optional<long[]> array() {
        int type = (int) u32();
        long length = count();
        if (type == STRING) {
            for (long i = 0; i < length; i++) {
                skip(count());
            }
            return Optional.empty();
        }
        int width = width(type);
        boolean integers = type != 6 && type != 7 && type != 12;
        if (!integers || length > MAX_RANK) {
            need(Math.multiplyExact(length, (long) width));
            skip(length * width);
            return Optional.empty();
        }
        long[] values = new long[(int) length];
        for (int i = 0; i < length; i++) {
            values[i] = integer(width);
        }
        return Optional.of(values);
    }

    private String scalar(int type) {
        int width = width(type);
        need(width);
        return switch (type) {
            case 6 -> Float.toString(in.getFloat());
            case 7 -> Boolean.toString(in.get() != 0);
            case 12 -> Double.toString(in.getDouble());
            default -> Long.toString(integer(width));
        };
    }

    private Info info() {
        String name = text();
        int rank = (int) Math.min(u32(), Integer.MAX_VALUE);
        if (rank > MAX_RANK) {
            throw failure(name + " with at most " + MAX_RANK + " extents, got " + rank);
        }
        long[] shape = new long[rank];
        for (int axis = rank - 1; axis >= 0; axis--) {
            shape[axis] = integer(8);
        }
        int code = (int) u32();
        GgufType type = GgufType.find(code)
                .orElseThrow(
                        () -> failure(name + " in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 or Q2_K to Q6_K, got"
                                + " ggml type " + code));
        return new Info(name, shape, type, integer(8));
    }

    private int width(int type) {
        return switch (type) {
            case 0, 1, 7 -> 1;
            case 2, 3 -> 2;
            case 4, 5, 6 -> 4;
            case 10, 11, 12 -> 8;
            default -> throw failure("a known value type, got " + type);
        };
    }

    private long integer(int width) {
        need(width);
        return switch (width) {
            case 1 -> in.get();
            case 2 -> in.getShort();
            case 4 -> in.getInt();
            default -> in.getLong();
        };
    }

    private long u32() {
        need(4);
        return in.getInt() & 0xFFFFFFFFL;
    }

    /** A number of things of at least one byte each, so at most the bytes that are left. */
    private long count() {
        need(8);
        long value = in.getLong();
        need(value);
        return value;
    }

    private String text() {
        int length = (int) count();
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private void skip(long bytes) {
        in.position(in.position() + (int) bytes);
    }

    private void need(long bytes) {
        if (bytes < 0 || bytes > in.remaining()) {
            throw failure(bytes + " more bytes of header, got " + in.remaining() + "; is the download complete?");
        }
    }

    private CheckpointException failure(String expected) {
        return new CheckpointException(file + ", byte " + in.position() + ": expected " + expected);
    }
}
