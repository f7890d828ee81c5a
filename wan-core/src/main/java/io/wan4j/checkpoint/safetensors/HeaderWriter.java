package io.wan4j.checkpoint.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.wan4j.checkpoint.TensorSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Lays out tensors and writes the header: wider elements first, so that every tensor is aligned to its element size,
 * and the header padded with blanks to a multiple of 8 bytes.
 */
final class HeaderWriter {
    private static final JsonFactory JSON = new JsonFactory();

    private HeaderWriter() {}

    /** Header bytes, with the 8 bytes of length before them, and the place of each tensor in the file. */
    record Layout(byte[] header, Map<String, Long> offsets, long size) {}

    static Layout layOut(List<TensorSpec> tensors, Map<String, String> metadata) {
        List<TensorSpec> ordered = new ArrayList<>(tensors);
        ordered.sort(Comparator.comparingInt(spec -> -spec.format().bytes()));
        Map<String, Long> begins = new LinkedHashMap<>();
        long position = 0;
        for (TensorSpec spec : ordered) {
            if (begins.put(spec.name(), position) != null) {
                throw new IllegalArgumentException(spec.name() + ": expected each name once");
            }
            position = Math.addExact(position, spec.byteLength());
        }
        byte[] header = withLength(json(ordered, begins, metadata));
        Map<String, Long> offsets = new LinkedHashMap<>();
        begins.forEach((name, begin) -> offsets.put(name, header.length + begin));
        return new Layout(header, offsets, header.length + position);
    }

    private static byte[] json(List<TensorSpec> ordered, Map<String, Long> begins, Map<String, String> metadata) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart("__metadata__");
                for (Map.Entry<String, String> entry : metadata.entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            for (TensorSpec spec : ordered) {
                writeEntry(json, spec, begins.getOrDefault(spec.name(), 0L));
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a safetensors header cannot be written", e);
        }
        return bytes.toByteArray();
    }

    private static void writeEntry(JsonGenerator json, TensorSpec spec, long begin) throws IOException {
        json.writeObjectFieldStart(spec.name());
        json.writeStringField("dtype", spec.format().name());
        json.writeFieldName("shape");
        long[] shape = spec.shape().toArray();
        json.writeArray(shape, 0, shape.length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {begin, begin + spec.byteLength()}, 0, 2);
        json.writeEndObject();
    }

    private static byte[] withLength(byte[] json) {
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer header = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded).put(json);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.array();
    }
}
