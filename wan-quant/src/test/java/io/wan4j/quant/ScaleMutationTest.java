package io.wan4j.quant;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.error.CheckpointException;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.testkit.GoldenFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged scales and codes of every 8-bit release are refused by name: when a model is loaded, and when it is converted. */
class ScaleMutationTest {
    private static final String SCALE = "blocks.1.ffn.0.weight_scale";
    private static final String CODES = "blocks.1.ffn.0.weight";

    @TempDir
    private Path folder = Path.of("");

    /** The golden files. */
    private enum Release {
        FP8("quant/distill_fp8"),
        INT8("quant/int8"),
        SCALED_FP8("quant/fp8_comfy");

        private final String golden;

        Release(String golden) {
            this.golden = golden;
        }
    }

    private Path mutated(Release release, String name, UnaryOperator<CheckpointTensor> change) {
        Path target = folder.resolve("mutated.safetensors");
        try (ModelPart part = ModelPart.open(GoldenFile.path(release.golden))) {
            Map<String, CheckpointTensor> tensors = new LinkedHashMap<>(part.tensors());
            CheckpointTensor changed = change.apply(tensors.remove(name));
            if (changed != null) {
                tensors.put(name, changed);
            }
            List<TensorSpec> specs =
                    tensors.values().stream().map(TensorSpec::of).toList();
            try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs, Map.of())) {
                tensors.values().forEach(writer::write);
                writer.finish();
            }
        }
        return target;
    }

    private static CheckpointTensor withScale(CheckpointTensor scale, int row, UnaryOperator<Float> change) {
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.toIntExact(4 * scale.shape().count())).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(scale.toFloats());
        bytes.putFloat(4 * row, change.apply(bytes.getFloat(4 * row)));
        return new CheckpointTensor(
                scale.name(), scale.shape(), Format.F32, new HeapBytes(bytes.array(), Path.of("m")));
    }

    private void assertRefused(Path damaged, String name, String what) {
        assertThatThrownBy(() -> load(damaged))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(what);
        assertThatThrownBy(() -> Tiny.convert(
                        damaged,
                        folder.resolve("out.safetensors"),
                        Tiny.single(TargetLayout.OFFICIAL),
                        TargetFormat.BF16))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(what);
    }

    private static void load(Path file) {
        try (ModelPart part = ModelPart.open(file);
                Device device = Device.named("reference").open()) {
            WanTransformer.load(
                            WanConfig.infer(part.weights(), OptionalInt.of(2)), part.weights(), device, Residency.ALL)
                    .close();
        }
    }

    /** A damage of one scale, and what is said of it. */
    private record Damage(String name, UnaryOperator<Float> change, String words) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> damages() {
        List<Damage> damages = List.of(
                new Damage("zero", scale -> 0f, "got 0.0"),
                new Damage("flipped sign", scale -> -scale, "above 0, got -"),
                new Damage("flipped highest bit of the exponent", ScaleMutationTest::flipped, "scales up to"),
                new Damage("reciprocal", scale -> 1 / scale, "reciprocals"),
                new Damage("NaN", scale -> Float.NaN, "got NaN"),
                new Damage("infinity", scale -> Float.POSITIVE_INFINITY, "got Infinity"));
        return Stream.of(Release.values())
                .flatMap(release -> damages.stream().map(damage -> Arguments.of(release, damage)));
    }

    private static float flipped(float scale) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(scale) ^ 0x40000000);
    }

    @ParameterizedTest
    @MethodSource("damages")
    void scaleThatCannotBeIsNamedWithItsRow(Release release, Damage damage) {
        int row = release == Release.SCALED_FP8 ? 0 : 3;
        Path damaged = mutated(release, SCALE, scale -> withScale(scale, row, damage.change()));
        assertRefused(damaged, SCALE, damage.words());
        assertRefused(damaged, SCALE, "row " + row);
    }

    @ParameterizedTest
    @EnumSource(names = {"FP8", "INT8"})
    void transposedScaleIsNamed(Release release) {
        Path damaged = mutated(
                release,
                SCALE,
                scale -> scale.reshaped(SCALE, Shape.of(1, scale.shape().count())));
        assertRefused(damaged, SCALE, "[1,256]");
    }

    @ParameterizedTest
    @EnumSource
    void missingScaleIsNamed(Release release) {
        assertRefused(mutated(release, SCALE, scale -> null), SCALE, "expected a scale");
    }

    /** INT8 has no code that is no number. */
    @ParameterizedTest
    @EnumSource(names = {"FP8", "SCALED_FP8"})
    void nanCodeIsNamedWithItsElement(Release release) {
        Path damaged = mutated(release, CODES, codes -> {
            byte[] bytes = new byte[Math.toIntExact(codes.bytes())];
            codes.read(0, codes.bytes()).get(bytes);
            bytes[12345] = (byte) 0xFF;
            return new CheckpointTensor(CODES, codes.shape(), codes.format(), new HeapBytes(bytes, Path.of("m")));
        });
        assertRefused(damaged, CODES, "NaN");
        assertRefused(damaged, CODES, "element");
    }
}
