package io.wan4j.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** Full-size checkpoint files without data: names and shapes from the goldens, the data a hole in the file. */
public final class DryCheckpoint {
    private DryCheckpoint() {}

    /** Names, shapes and formats of {@code goldens/names/<list>.json}, which may be changed. */
    public static Map<String, TensorSpec> specs(String list) {
        JsonNode json = CheckpointJson.readObject(Goldens.path("names/" + list + ".json"));
        Map<String, TensorSpec> specs = new LinkedHashMap<>();
        json.properties().forEach(entry -> {
            List<Long> dims = new ArrayList<>();
            entry.getValue().get("shape").forEach(dim -> dims.add(dim.asLong()));
            Format format = Format.valueOf(entry.getValue().get("dtype").asText());
            specs.put(entry.getKey(), new TensorSpec(entry.getKey(), format, Shape.of(dims)));
        });
        return specs;
    }

    /** A rename table of {@code goldens/names}, from canonical to stored; fused tensors have several stored names. */
    public static Map<String, List<String>> renames(String list) {
        JsonNode json = CheckpointJson.readObject(Goldens.path("names/" + list + ".json"));
        Map<String, List<String>> renames = new LinkedHashMap<>();
        json.properties().forEach(entry -> {
            JsonNode value = entry.getValue();
            List<String> names = value.isTextual()
                    ? List.of(value.asText())
                    : StreamSupport.stream(value.spliterator(), false)
                            .map(JsonNode::asText)
                            .toList();
            renames.put(entry.getKey(), names);
        });
        return renames;
    }

    /** Writes a safetensors file of these tensors, all zeros; takes no space where holes are possible. */
    public static Path write(Path target, Map<String, TensorSpec> specs) {
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, List.copyOf(specs.values()), Map.of())) {
            specs.keySet().forEach(writer::writeZeros);
            writer.finish();
        }
        return target;
    }
}
