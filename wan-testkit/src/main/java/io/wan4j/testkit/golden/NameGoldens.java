package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Shape;
import io.wan4j.testkit.synth.TensorCatalog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the full-size networks read, by name and shape, against {@code names/}. The device is not used. */
public final class NameGoldens implements GoldenSuite {
    @Override
    public String name() {
        return "names";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        Map<String, Map<String, Shape>> networks = new LinkedHashMap<>();
        networks.put("dit_14B_i2v_original", TensorCatalog.of(WanConfig.i2v14b()));
        networks.put("t5_umt5_xxl_original", TensorCatalog.of(TextConfig.umt5Xxl()));
        networks.put("clip_original", TensorCatalog.of(VisionConfig.vitHuge14()));
        networks.put("vae_original", TensorCatalog.of(VaeConfig.wan21()));
        networks.forEach((label, read) -> {
            Path file = folder.resolve(label + ".json");
            if (Files.exists(file)) {
                results.attempt(label, () -> compare(label, read, GoldenJson.read(file), results));
            }
        });
        results.leftOver(folder, ".json", networks.keySet(), "");
    }

    /** Every tensor that a network reads is in the checkpoint with this shape; one line with the number of differences. */
    private static void compare(String label, Map<String, Shape> read, JsonNode listed, GoldenResults results) {
        float[] differences = new float[read.size()];
        int i = 0;
        for (Map.Entry<String, Shape> tensor : read.entrySet()) {
            JsonNode shape = listed.path(tensor.getKey()).path("shape");
            long[] dims = new long[shape.size()];
            for (int axis = 0; axis < dims.length; axis++) {
                dims[axis] = shape.path(axis).asLong();
            }
            boolean same = listed.has(tensor.getKey()) && Shape.of(dims).equals(tensor.getValue());
            differences[i++] = same ? 0 : 1;
        }
        results.compareExactly(label, read.size() + " names and shapes", differences, new float[i], Measure.MAX_ABS, 0);
    }
}
