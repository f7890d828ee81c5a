package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.LoraMode;
import io.wan4j.checkpoint.lora.LoraWeights;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.spi.Device;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * LoRAs against {@code lora/}: merged tensors, and the transformer's output with LoRAs merged and beside. The base is the
 * tiny model in {@code pipeline/} beside this folder.
 */
public final class LoraGoldens implements GoldenSuite {
    private static final double MERGED = 1e-6;
    private static final double OUTPUT = 1e-4;

    @Override
    public String name() {
        return "lora";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        Path model = folder.resolveSibling("pipeline").resolve("Wan2.1-I2V-tiny");
        JsonNode dims = GoldenJson.read(model.resolve("tiny_dims.json"));
        try (ModelFiles files = ModelFiles.open(model);
                GoldenFile golden = GoldenFile.open(folder.resolve("result.safetensors"))) {
            WeightSource base = files.weights(Component.TRANSFORMER);
            OptionalInt heads =
                    OptionalInt.of(dims.path("dit").path("num_heads").asInt());
            Run run = new Run(folder, golden, WanConfig.infer(base, heads), device, results);
            results.attempt("base", () -> run.output("base", base));
            GoldenJson.read(folder.resolve("result.json")).properties().forEach(entry -> {
                if (entry.getValue().has("chain")) {
                    String name = entry.getKey();
                    results.attempt(name, () -> run.chain(name, entry.getValue().path("chain"), base));
                } else {
                    results.notCovered(entry.getKey());
                }
            });
        }
    }

    /** All cases of the folder on one device. */
    private record Run(Path folder, GoldenFile golden, WanConfig config, Device device, GoldenResults results) {
        void chain(String name, JsonNode chain, WeightSource base) {
            List<Lora> loras = new ArrayList<>();
            chain.forEach(link -> loras.add(Lora.of(folder.resolve(link.path(0).asText() + ".safetensors"), (float)
                    link.path(1).asDouble())));
            for (LoraMode mode : List.of(LoraMode.MERGE, LoraMode.SIDE_BRANCH)) {
                try (LoraWeights weights = LoraWeights.open(base, loras, mode)) {
                    if (mode == LoraMode.MERGE) {
                        merged(name, weights);
                    }
                    output(name, weights);
                }
            }
        }

        private void merged(String name, WeightSource weights) {
            String prefix = "merged." + name + ".";
            for (String key : golden.names(prefix)) {
                StoredTensor tensor = weights.get(key.substring(prefix.length()), golden.shape(key));
                float[] values = new float[Math.toIntExact(tensor.shape().count())];
                FloatCodec.decode(tensor.format(), tensor.read(0, tensor.bytes()), 0, values, 0, values.length);
                results.compareExactly(name, key, values, golden.floats(key), Measure.MAX_REL, MERGED);
            }
        }

        void output(String name, WeightSource weights) {
            try (WanTransformer transformer = WanTransformer.load(config, weights, device, Residency.ALL)) {
                float[] actual = new ForwardCase(golden).run(transformer, device);
                int roundings = 6 + config.layers() * DitGoldens.BLOCK_ROUNDINGS;
                results.compare(
                        name,
                        "out." + name,
                        actual,
                        golden.floats("out." + name),
                        new Tolerance(Measure.MAX_REL, OUTPUT, roundings));
            }
        }
    }
}
