package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.media.ClipPreprocess;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.media.Planes;
import io.wan4j.media.Resize;
import io.wan4j.model.vision.ImageEncoder;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.ops.Ops;
import io.wan4j.spi.Device;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;

/** The image encoder against {@code clip/}: preprocessing, model, cases. */
public final class VisionGoldens implements GoldenSuite {
    private static final double STRICT = 1e-4;
    private static final int BLOCK_ROUNDINGS = 7;

    @Override
    public String name() {
        return "clip";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        ProbeDevice probe = new ProbeDevice(device);
        JsonNode cases = GoldenJson.read(folder.resolve("cases.json"));
        OptionalInt heads = OptionalInt.of(cases.path("vision_heads").asInt());
        try (GoldenFile weights = GoldenFile.open(folder.resolve("model.safetensors"));
                ImageEncoder encoder =
                        ImageEncoder.load(VisionConfig.infer(weights.weights(), heads), weights.weights(), probe)) {
            Set<String> known = new HashSet<>(Set.of("model"));
            for (JsonNode one : cases.path("cases")) {
                String name = "case_" + one.path("case").asInt();
                known.add(name);
                results.attempt(name, () -> {
                    Picture picture =
                            Picture.read(folder.resolve(one.path("picture").asText()));
                    try (GoldenFile file = GoldenFile.open(folder.resolve(name + ".safetensors"))) {
                        runCase(new Case(name, file, picture), encoder, probe.fresh(), results);
                    }
                });
            }
            results.leftOver(folder, ".safetensors", known, "");
        }
    }

    private record Case(String label, GoldenFile file, Picture picture) {}

    private static void runCase(Case one, ImageEncoder encoder, ProbeDevice probe, GoldenResults results) {
        Planes pixels = ClipPreprocess.apply(one.picture());
        Tolerance tolerance =
                new Tolerance(Measure.MAX_REL, STRICT, 3 + encoder.config().layers() * BLOCK_ROUNDINGS);
        try (Ops ops = Ops.on(probe)) {
            float[] out = ops.download(encoder.encode(ops, pixels.values(), block -> {}));
            for (String name : one.file().names().stream().sorted().toList()) {
                float[] expected = one.file().floats(name);
                switch (name) {
                    case "in.rgb" ->
                        results.compareExactly(one.label(), name, rgb(one.picture()), expected, Measure.MAX_ABS, 0);
                    case "mid.bicubic_224_row_0_111_223" ->
                        results.compareExactly(
                                one.label(), name, resizedRows(one.picture()), expected, Measure.MAX_ABS, STRICT);
                    case "mid.preprocessed" ->
                        results.compareExactly(one.label(), name, pixels.values(), expected, Measure.MAX_ABS, STRICT);
                    default -> results.compare(one.label(), name, rows(probe, name, out), expected, tolerance);
                }
            }
        }
    }

    private static float[] rows(ProbeDevice probe, String name, float[] out) {
        return switch (name) {
            case "out.features" -> out;
            case "mid.patch_embedding" -> probe.output("visual.patch_embedding");
            case "mid.pre_norm" -> probe.layerNorm(0);
            default -> probe.target("visual.transformer." + name.replaceAll("[^0-9]", "") + ".mlp.2");
        };
    }

    private static float[] rgb(Picture picture) {
        byte[] bytes = picture.rgb();
        float[] values = new float[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            values[i] = bytes[i] & 0xFF;
        }
        return values;
    }

    private static float[] resizedRows(Picture picture) {
        int side = VisionConfig.SIZE;
        float[] resized =
                Resize.BICUBIC.apply(picture, new PixelSize(side, side)).values();
        int[] rows = {0, 111, 223};
        float[] picked = new float[3 * rows.length * side];
        for (int channel = 0; channel < 3; channel++) {
            for (int row = 0; row < rows.length; row++) {
                int from = (channel * side + rows[row]) * side;
                System.arraycopy(
                        Arrays.copyOfRange(resized, from, from + side),
                        0,
                        picked,
                        (channel * rows.length + row) * side,
                        side);
            }
        }
        return picked;
    }
}
