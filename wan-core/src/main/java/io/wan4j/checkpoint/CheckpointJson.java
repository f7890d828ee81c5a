package io.wan4j.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.wan4j.error.CheckpointException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the small JSON files that lie beside weights: indexes and configurations. */
public final class CheckpointJson {
    private static final long MAX_BYTES = 16 << 20;
    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(16).build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private CheckpointJson() {}

    /**
     * The object in a JSON file.
     *
     * @throws CheckpointException if the file is not a JSON object, is nested deeper than 16, names a key twice, or is
     *     larger than 16 MiB
     */
    public static JsonNode readObject(Path path) {
        try {
            if (Files.size(path) > MAX_BYTES) {
                throw new CheckpointException(
                        path + ": expected a JSON file of at most " + MAX_BYTES + " bytes, got " + Files.size(path));
            }
            JsonNode node = MAPPER.readTree(Files.readAllBytes(path));
            if (node == null || !node.isObject()) {
                throw new CheckpointException(path + ": expected a JSON object");
            }
            return node;
        } catch (JsonProcessingException e) {
            throw new CheckpointException(path + ": expected a JSON object, got " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(path + ": cannot be read", e);
        }
    }
}
