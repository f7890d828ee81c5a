package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.wan4j.error.CheckpointException;
import java.io.IOException;
import java.nio.file.Path;

/** The JSON files beside golden vectors. */
final class GoldenJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private GoldenJson() {}

    static JsonNode read(Path file) {
        try {
            return MAPPER.readTree(file.toFile());
        } catch (IOException failure) {
            throw new CheckpointException(file + ": expected JSON beside golden vectors, got " + failure, failure);
        }
    }
}
