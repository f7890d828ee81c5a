package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.model.text.RelativePosition;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.text.TextEncoder;
import io.wan4j.ops.Ops;
import io.wan4j.prompt.PromptCleaner;
import io.wan4j.prompt.TextRepair;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Shape;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The text encoder against {@code t5/}: model, cases, relative positions. */
public final class TextGoldens implements GoldenSuite {
    private static final double STRICT = 1e-4;
    private static final int BLOCK_ROUNDINGS = 8;

    private static final Pattern KNOWN =
            Pattern.compile("out\\.(all|trimmed)|mid\\.(embedding|block\\d+\\.out|block0\\.(norm1|attn|ffn))");

    @Override
    public String name() {
        return "t5";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        ProbeDevice probe = new ProbeDevice(device);
        try (GoldenFile weights = GoldenFile.open(folder.resolve("model.safetensors"))) {
            TextConfig config = TextConfig.infer(weights.weights());
            try (TextEncoder encoder = TextEncoder.load(config, weights.weights(), probe)) {
                Set<String> known = new HashSet<>(Set.of("model", "relative_buckets"));
                for (JsonNode one :
                        GoldenJson.read(folder.resolve("cases.json")).path("cases")) {
                    String name = "case_" + one.path("case").asInt();
                    known.add(name);
                    results.attempt(name, () -> {
                        try (GoldenFile file = GoldenFile.open(folder.resolve(name + ".safetensors"))) {
                            runCase(name, file, encoder, probe.fresh(), results);
                        }
                    });
                }
                results.leftOver(folder, ".safetensors", known, "");
            }
            Path buckets = folder.resolve("relative_buckets.safetensors");
            if (Files.exists(buckets)) {
                results.attempt("relative_buckets", () -> positions(buckets, weights, config, results));
            }
            Path cleaning = folder.resolve("text_cleaning.json");
            if (Files.exists(cleaning)) {
                results.attempt("text_cleaning", () -> cleaning(GoldenJson.read(cleaning), results));
            }
        }
    }

    private static void runCase(
            String label, GoldenFile file, TextEncoder encoder, ProbeDevice probe, GoldenResults results) {
        int[] mask = file.ints("in.mask");
        int[] all = file.ints("in.ids");
        int[] ids = IntStream.range(0, all.length)
                .filter(i -> mask[i] != 0)
                .map(i -> all[i])
                .toArray();
        int layers = encoder.config().layers();
        Tolerance tolerance = new Tolerance(Measure.MAX_REL, STRICT, 3 + layers * BLOCK_ROUNDINGS);
        try (Ops ops = Ops.on(probe)) {
            float[] out = ops.download(encoder.encode(ops, ids, block -> {}));
            for (String name : file.names().stream().sorted().toList()) {
                if (name.startsWith("in.")) {
                    continue;
                }
                if (!KNOWN.matcher(name).matches()) {
                    results.notCovered(label + " " + name);
                    continue;
                }
                float[] actual = name.startsWith("out.") ? out : intermediate(probe, name);
                float[] expected = file.floats(name);
                int rows = Math.min(actual.length, expected.length);
                results.compare(label, name, Arrays.copyOf(actual, rows), Arrays.copyOf(expected, rows), tolerance);
            }
        }
    }

    private static float[] intermediate(ProbeDevice probe, String name) {
        return switch (name) {
            case "mid.embedding" -> probe.gathered(0);
            case "mid.block0.norm1" -> probe.rmsNorm(0);
            case "mid.block0.attn" -> probe.output("blocks.0.attn.o");
            case "mid.block0.ffn" -> probe.output("blocks.0.ffn.fc2");
            default -> probe.target("blocks." + name.replaceAll("[^0-9]", "") + ".ffn.fc2");
        };
    }

    /** The reference's cleaning of prompts without ftfy, which the golden rows were made without; 0 where equal. */
    private static void cleaning(JsonNode rows, GoldenResults results) {
        int number = 0;
        for (JsonNode row : rows.path("rows")) {
            for (PromptCleaner.Mode mode : PromptCleaner.Mode.values()) {
                String key = mode.name().toLowerCase(Locale.ROOT);
                String cleaned = new PromptCleaner(mode, TextRepair.NONE)
                        .clean(row.path("input").asText());
                float[] difference = {cleaned.equals(row.path(key).asText()) ? 0 : 1};
                results.compareExactly(
                        "text_cleaning", "row " + number + " " + key, difference, new float[1], Measure.MAX_ABS, 0);
            }
            number++;
        }
    }

    private static void positions(Path path, GoldenFile weights, TextConfig config, GoldenResults results) {
        try (GoldenFile file = GoldenFile.open(path)) {
            int[] relative = file.ints("rel_pos");
            int[] bucket = file.ints("bucket");
            float[] expected = new float[bucket.length];
            float[] actual = new float[bucket.length];
            for (int i = 0; i < bucket.length; i++) {
                expected[i] = bucket[i];
                actual[i] = RelativePosition.bucket(relative[i], config.buckets());
            }
            results.compareExactly("relative_buckets", "bucket", actual, expected, Measure.MAX_ABS, 0);
            for (String name : file.names()) {
                if (name.startsWith("bias_block0_")) {
                    float[] table = weights.floats("blocks.0.pos_embedding.embedding.weight");
                    float[] biases = biases(table, config, file.shape(name));
                    results.compareExactly(
                            "relative_buckets", name, biases, file.floats(name), Measure.MAX_REL, STRICT);
                }
            }
        }
    }

    /** [heads, queries, keys] from the biases by distance. */
    private static float[] biases(float[] table, TextConfig config, Shape shape) {
        int heads = config.heads();
        int queries = Math.toIntExact(shape.dim(1));
        int keys = Math.toIntExact(shape.dim(2));
        int length = Math.max(queries, keys);
        float[] byDistance = RelativePosition.biases(table, config.buckets(), heads, length);
        float[] biases = new float[heads * queries * keys];
        for (int head = 0; head < heads; head++) {
            for (int i = 0; i < queries; i++) {
                for (int j = 0; j < keys; j++) {
                    biases[(head * queries + i) * keys + j] = byDistance[(j - i + length - 1) * heads + head];
                }
            }
        }
        return biases;
    }
}
