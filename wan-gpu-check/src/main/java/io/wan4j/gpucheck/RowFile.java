package io.wan4j.gpucheck;

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

/** Rows on their way from the process of a unit to the one that collects them: a line of JSON each, written at once. */
final class RowFile {
    private static final ObjectMapper JSON = new ObjectMapper();

    private RowFile() {}

    static void append(Path file, Row row) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("name", row.name());
        line.put("status", row.status().name());
        line.put("values", row.values());
        try (BufferedWriter out = Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            out.write(JSON.writeValueAsString(line));
            out.newLine();
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot write results", failure);
        }
    }

    /** All whole lines; a process that was killed may have left a part of one. */
    static List<Row> read(Path file) {
        List<Row> rows = new ArrayList<>();
        try {
            if (!Files.exists(file)) {
                return rows;
            }
            for (String line : Files.readAllLines(file)) {
                if (line.endsWith("}")) {
                    rows.add(parse(line));
                }
            }
            return rows;
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot read results", failure);
        }
    }

    private static Row parse(String line) throws IOException {
        JsonNode json = JSON.readTree(line);
        Map<String, Object> values = JSON.convertValue(json.path("values"), new TypeReference<>() {});
        return new Row(
                json.path("name").asText(),
                Row.Status.valueOf(json.path("status").asText()),
                values);
    }
}
