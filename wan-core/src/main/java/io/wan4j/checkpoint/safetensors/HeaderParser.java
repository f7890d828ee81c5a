package io.wan4j.checkpoint.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.wan4j.error.CheckpointException;
import io.wan4j.error.ShapeException;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the JSON header of a safetensors file as a stream, with limits on depth and on the length of names. */
final class HeaderParser {
    private static final int MAX_RANK = 16;
    private static final int MAX_TENSORS = 200_000;
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(8)
                    .maxNameLength(8192)
                    .maxNumberLength(20)
                    .maxStringLength(SafetensorsFile.MAX_HEADER)
                    .build())
            .build();

    private final String file;
    private final JsonParser json;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private HeaderParser(String file, JsonParser json) {
        this.file = file;
        this.json = json;
    }

    /** One tensor as the header describes it; {@code begin} and {@code end} count from the end of the header. */
    record Entry(String name, Format format, Shape shape, long begin, long end) {}

    /** A parsed header, entries in the order of their data. */
    record Header(List<Entry> entries, Map<String, String> metadata) {

        /** Checks that the entries cover exactly {@code length} bytes of data, without gaps or overlaps. */
        void checkCovers(String file, long length) {
            long position = 0;
            for (Entry entry : entries) {
                if (entry.begin() != position) {
                    throw new CheckpointException(file + ": " + entry.name() + ": expected data from byte " + position
                            + " on, got " + entry.begin() + "; tensors must neither overlap nor leave gaps");
                }
                position = entry.end();
            }
            if (position != length) {
                throw new CheckpointException(file + ": expected " + position + " bytes of tensors, got " + length
                        + "; is the download complete?");
            }
        }
    }

    static Header parse(String file, byte[] bytes) {
        if (bytes[0] != '{') {
            throw new CheckpointException(
                    file + ": expected a JSON header that begins with '{'; is this a safetensors file?");
        }
        // A decoder of our own, because Jackson would guess UTF-16 or UTF-32 from the first bytes.
        var decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        try (JsonParser json = JSON.createParser(new InputStreamReader(new ByteArrayInputStream(bytes), decoder))) {
            return new HeaderParser(file, json).header();
        } catch (JsonParseException e) {
            throw new CheckpointException(
                    file + ": header: expected JSON, got " + e.getOriginalMessage() + " at character "
                            + e.getLocation().getCharOffset(),
                    e);
        } catch (IOException e) {
            throw new CheckpointException(file + ": header: expected JSON, got " + e.getMessage(), e);
        }
    }

    private Header header() throws IOException {
        expect(json.nextToken(), JsonToken.START_OBJECT, "header");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            if (name.equals("__metadata__")) {
                readMetadata();
            } else {
                entries.add(readEntry(name));
                if (entries.size() > MAX_TENSORS) {
                    throw new CheckpointException(file + ": expected at most " + MAX_TENSORS + " tensors");
                }
            }
        }
        if (json.nextToken() != null) {
            throw new CheckpointException(file + ": header: expected nothing after the closing brace");
        }
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        return new Header(entries, metadata);
    }

    private void readMetadata() throws IOException {
        expect(json.nextToken(), JsonToken.START_OBJECT, "__metadata__");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            expect(json.nextToken(), JsonToken.VALUE_STRING, "__metadata__." + key);
            metadata.put(key, json.getText());
        }
    }

    private Entry readEntry(String name) throws IOException {
        expect(json.nextToken(), JsonToken.START_OBJECT, name);
        String dtype = null;
        long[] shape = null;
        long[] range = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            json.nextToken();
            switch (key) {
                case "dtype" -> {
                    expect(json.currentToken(), JsonToken.VALUE_STRING, name + ".dtype");
                    dtype = json.getText();
                }
                case "shape" -> shape = readIntegers(name + ".shape");
                case "data_offsets" -> range = readIntegers(name + ".data_offsets");
                default -> json.skipChildren();
            }
        }
        return entry(name, dtype, shape, range);
    }

    private Entry entry(String name, @Nullable String dtype, long @Nullable [] shape, long @Nullable [] range) {
        if (dtype == null || shape == null || range == null || range.length != 2) {
            throw new CheckpointException(
                    file + ": " + name + ": expected dtype, shape and two data_offsets in its header entry");
        }
        Format format = format(dtype)
                .orElseThrow(() -> new CheckpointException(file + ": " + name + ": expected a dtype of "
                        + Arrays.toString(Format.values()) + ", got " + dtype));
        try {
            Shape extents = Shape.of(shape);
            long bytes = Math.multiplyExact(extents.count(), (long) format.bytes());
            if (range[0] < 0 || range[1] < range[0] || range[1] - range[0] != bytes) {
                throw new CheckpointException(file + ": " + name + ": expected " + bytes + " bytes for " + format + " "
                        + extents + ", got data_offsets " + Arrays.toString(range));
            }
            return new Entry(name, format, extents, range[0], range[1]);
        } catch (ShapeException | ArithmeticException e) {
            throw new CheckpointException(
                    file + ": " + name + ": expected a shape that a file can hold, got " + Arrays.toString(shape), e);
        }
    }

    private static Optional<Format> format(String dtype) {
        return Arrays.stream(Format.values())
                .filter(f -> f.name().equals(dtype))
                .findFirst();
    }

    private long[] readIntegers(String where) throws IOException {
        expect(json.currentToken(), JsonToken.START_ARRAY, where);
        long[] values = new long[MAX_RANK];
        int count = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(json.currentToken(), JsonToken.VALUE_NUMBER_INT, where);
            if (count == MAX_RANK) {
                throw new CheckpointException(file + ": " + where + ": expected at most " + MAX_RANK + " numbers");
            }
            values[count++] = json.getLongValue();
        }
        return Arrays.copyOf(values, count);
    }

    private void expect(@Nullable JsonToken got, JsonToken wanted, String where) {
        if (got != wanted) {
            throw new CheckpointException(file + ": header: " + where + ": expected " + wanted + ", got " + got);
        }
    }
}
