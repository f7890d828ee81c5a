package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.model.dit.BlockListener;
import io.wan4j.model.dit.Conditioning;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.StepInput;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.ops.Ops;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The transformer against {@code dit/<model>/}: {@code model.safetensors}, {@code cases.json}, {@code case_N}, and the
 * tables of {@link RopeAndTime}.
 */
public final class DitGoldens implements GoldenSuite {
    private static final double STRICT = 1e-4;
    /** Roundings of one block on the longest path: norm, q, norm, rope, attention, o; norm, q, norm, attention, o; norm, up, down. */
    static final int BLOCK_ROUNDINGS = 14;

    private static final Pattern KNOWN = Pattern.compile("mid\\.(patch_embedding|time_e|time_e0|text_embedding"
            + "|img_embedding|head|block\\d+\\.out|block0\\.(norm1|self_attn|norm3|cross_attn|norm2|ffn))");

    @Override
    public String name() {
        return "dit";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        for (Path model : GoldenSuite.folders(folder)) {
            String label = String.valueOf(model.getFileName());
            if (Files.exists(model.resolve("cases.json"))) {
                results.attempt(label, () -> runModel(model, device, results));
            } else {
                results.notCovered(label);
            }
        }
    }

    private static void runModel(Path model, Device device, GoldenResults results) {
        JsonNode config = GoldenJson.read(model.resolve("config.json"));
        try (GoldenFile weights = GoldenFile.open(model.resolve("model.safetensors"));
                GoldenFile images = GoldenFile.open(model.resolve("clip_fea.safetensors"))) {
            WanConfig sizes = WanConfig.infer(
                    weights.weights(), OptionalInt.of(config.path("num_heads").asInt()));
            ProbeDevice probe = new ProbeDevice(device);
            try (WanTransformer transformer = WanTransformer.load(sizes, weights.weights(), probe, Residency.ALL)) {
                Set<String> known = new HashSet<>(Set.of("model", "clip_fea"));
                for (JsonNode one : GoldenJson.read(model.resolve("cases.json"))) {
                    String name = "case_" + one.path("case").asInt();
                    String label = model.getFileName() + "/" + name;
                    known.add(name);
                    results.attempt(label, () -> {
                        try (GoldenFile file = GoldenFile.open(model.resolve(name + ".safetensors"))) {
                            float[] image = images.floats(one.path("clip_fea").asText());
                            runCase(new Case(label, file, transformer, probe.fresh()), image, results);
                        }
                    });
                }
                Path rotary = model.resolve(RopeAndTime.NAME + ".safetensors");
                if (Files.exists(rotary)) {
                    String label = model.getFileName() + "/" + RopeAndTime.NAME;
                    known.add(RopeAndTime.NAME);
                    results.attempt(label, () -> {
                        try (GoldenFile file = GoldenFile.open(rotary)) {
                            RopeAndTime.run(label, file, device, results);
                        }
                    });
                }
                results.leftOver(model, ".safetensors", known, model.getFileName() + "/");
            }
        }
    }

    private record Case(String label, GoldenFile file, WanTransformer transformer, ProbeDevice probe) {}

    private static void runCase(Case one, float[] image, GoldenResults results) {
        GoldenFile file = one.file();
        WanConfig config = one.transformer().config();
        float[] context = file.floats("in.context");
        try (Ops ops = Ops.on(one.probe());
                Conditioning conditioning = one.transformer()
                        .condition(
                                ops,
                                ops.upload(context, file.shape("in.context").toArray()),
                                ops.upload(image, WanConfig.IMAGE_ROWS, config.imageDim()))) {
            Tensor latent = ops.upload(file.floats("in.x"), file.shape("in.x").toArray());
            Tensor condition =
                    ops.upload(file.floats("in.y"), file.shape("in.y").toArray());
            Tensor velocity = ops.allocate(file.shape("out"), Format.F32);
            StepInput input = new StepInput(latent, condition, file.floats("in.t")[0], conditioning);
            one.transformer().forward(ops, input, velocity, BlockListener.NONE);
            for (String name : file.names()) {
                if (name.startsWith("mid.") && !KNOWN.matcher(name).matches()) {
                    results.notCovered(one.label() + " " + name);
                } else if (name.startsWith("mid.")) {
                    compare(one, name, intermediate(one.probe(), name), results);
                }
            }
            compare(one, "out", ops.download(velocity), results);
        }
    }

    private static void compare(Case one, String name, float[] actual, GoldenResults results) {
        float[] expected = one.file().floats(name);
        float[] head = actual.length > expected.length ? Arrays.copyOf(actual, expected.length) : actual;
        int blocks = one.transformer().config().layers();
        results.compare(
                one.label(),
                name,
                head,
                expected,
                new Tolerance(Measure.MAX_REL, STRICT, 6 + blocks * BLOCK_ROUNDINGS));
    }

    private static float[] intermediate(ProbeDevice probe, String name) {
        return switch (name) {
            case "mid.patch_embedding" -> probe.output("patch_embedding");
            case "mid.time_e" -> probe.output("time_embedding.2");
            case "mid.time_e0" -> probe.output("time_projection.1");
            case "mid.text_embedding" -> probe.output("text_embedding.2");
            case "mid.img_embedding" -> probe.layerNorm(1);
            case "mid.block0.norm1" -> probe.modulatedNorm(0);
            case "mid.block0.self_attn" -> probe.output("blocks.0.self_attn.o");
            case "mid.block0.norm3" -> probe.layerNorm(2);
            case "mid.block0.cross_attn" -> probe.output("blocks.0.cross_attn.o");
            case "mid.block0.norm2" -> probe.modulatedNorm(1);
            case "mid.block0.ffn" -> probe.output("blocks.0.ffn.2");
            case "mid.head" -> probe.output("head.head");
            default -> probe.target("blocks." + name.replaceAll("[^0-9]", "") + ".ffn.2");
        };
    }
}
