package io.wan4j.gpucheck;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Rows on their way from the process of a unit to the one that collects them: a line of JSON each, written at once. */
final class RowFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String BEGUN = "begun";

    private RowFile() {}

    static void append(Path file, Row row) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("name", row.name());
        line.put("status", row.status().name());
        line.put("values", row.values());
        append(file, line);
    }

    /**
     * A case that is about to start.
     *
     * @param index its place among the unit's cases
     * @param name its row's name
     */
    record Begun(int index, String name) {}

    static void append(Path file, Begun begun) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put(BEGUN, begun.index());
        line.put("name", begun.name());
        append(file, line);
    }

    private static void append(Path file, Map<String, Object> line) {
        try (BufferedWriter out = Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            out.write(JSON.writeValueAsString(line));
            out.newLine();
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot write results", failure);
        }
    }

    /** All rows; a process that was killed may have left a part of one. */
    static List<Row> read(Path file) {
        List<Row> rows = new ArrayList<>();
        for (JsonNode line : lines(file)) {
            if (!line.has(BEGUN)) {
                rows.add(parse(line));
            }
        }
        return rows;
    }

    /** The case that was begun last. */
    static Optional<Begun> begun(Path file) {
        return lines(file).stream()
                .filter(line -> line.has(BEGUN))
                .reduce((first, second) -> second)
                .map(line ->
                        new Begun(line.path(BEGUN).asInt(), line.path("name").asText()));
    }

    private static List<JsonNode> lines(Path file) {
        List<JsonNode> whole = new ArrayList<>();
        try {
            if (!Files.exists(file)) {
                return whole;
            }
            for (String line : Files.readAllLines(file)) {
                if (line.endsWith("}")) {
                    parsed(line).ifPresent(whole::add);
                }
            }
            return whole;
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot read results", failure);
        }
    }

    private static Optional<JsonNode> parsed(String line) {
        try {
            return Optional.of(JSON.readTree(line));
        } catch (JsonProcessingException cut) {
            return Optional.empty();
        }
    }

    private static Row parse(JsonNode json) {
        Map<String, Object> values = JSON.convertValue(json.path("values"), new TypeReference<>() {});
        return new Row(
                json.path("name").asText(),
                Row.Status.valueOf(json.path("status").asText()),
                values);
    }
}
