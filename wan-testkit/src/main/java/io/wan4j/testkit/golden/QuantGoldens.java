package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.spi.Device;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.FloatCodec.E4m3Rounding;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * 8-bit formats against {@code quant/}: all codes of E4M3, single linear layers, and the quantised tiny transformers over
 * four steps.
 */
public final class QuantGoldens implements GoldenSuite {
    private static final int NAN_CODE = 0x7F;

    @Override
    public String name() {
        return "quant";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        results.attempt("e4m3_decode", () -> decode(folder, results));
        results.attempt("e4m3_encode", () -> encode(folder, results));
        Set<String> known = new HashSet<>(Set.of("e4m3_decode", "e4m3_encode", "dit_quant"));
        for (JsonNode one : GoldenJson.read(folder.resolve("linear.json"))) {
            String name = one.path("file").asText();
            known.add(name);
            results.attempt(name, () -> {
                try (GoldenFile file = GoldenFile.open(folder.resolve(name + ".safetensors"))) {
                    new QuantLinear(name, file, device, results).run();
                }
            });
        }
        results.leftOver(folder, ".safetensors", known, "");
        Path model = folder.resolveSibling("pipeline");
        if (Files.isDirectory(model)) {
            results.attempt("dit_quant", () -> QuantTransformer.run(folder, model, device, results));
        }
    }

    private static void decode(Path folder, GoldenResults results) {
        try (GoldenFile file = GoldenFile.open(folder.resolve("e4m3_decode.safetensors"))) {
            int[] codes = file.ints("codes_u8");
            float[] expected = withoutNan(file.floats("values"));
            float[] actual = new float[codes.length];
            for (int i = 0; i < codes.length; i++) {
                actual[i] = FloatCodec.e4m3ToFloat((byte) codes[i]);
            }
            results.compareExactly("e4m3_decode", "codes_u8", withoutNan(actual), expected, Measure.MAX_ABS, 0);
            float[] stored = withoutNan(file.floats("codes_f8"));
            results.compareExactly("e4m3_decode", "codes_f8", stored, expected, Measure.MAX_ABS, 0);
        }
    }

    /** NaN as a number that no code has, so that it can be compared. */
    private static float[] withoutNan(float[] values) {
        float[] all = values.clone();
        for (int i = 0; i < all.length; i++) {
            all[i] = Float.isNaN(all[i]) ? 1e6f : all[i];
        }
        return all;
    }

    private static void encode(Path folder, GoldenResults results) {
        try (GoldenFile file = GoldenFile.open(folder.resolve("e4m3_encode.safetensors"))) {
            encode(file, "codes_saturate_rne", E4m3Rounding.SATURATE_TIES_EVEN, results);
            encode(file, "codes_nan_overflow_rne", E4m3Rounding.NAN_TIES_EVEN, results);
            encode(file, "codes_saturate_ties_away", E4m3Rounding.SATURATE_TIES_AWAY, results);
        }
    }

    private static void encode(GoldenFile file, String name, E4m3Rounding rounding, GoldenResults results) {
        float[] values = file.floats("values");
        int[] expected = file.ints(name);
        float[] actual = new float[values.length];
        float[] wanted = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            actual[i] = oneNan(FloatCodec.floatToE4m3(values[i], rounding) & 0xFF);
            wanted[i] = oneNan(expected[i]);
        }
        results.compareExactly("e4m3_encode", name, actual, wanted, Measure.DIFFERING, 0);
    }

    /** Every NaN code is equivalent. */
    private static int oneNan(int code) {
        return (code & 0x7F) == NAN_CODE ? NAN_CODE : code;
    }
}
