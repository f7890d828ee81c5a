package io.wan4j.quant;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.testkit.GoldenFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged scales and codes are refused by name. */
class ScaleMutationTest {
    private static final String SCALE = "blocks.1.ffn.0.weight_scale";
    private static final String CODES = "blocks.1.ffn.0.weight";

    @TempDir
    private Path folder = Path.of("");

    private Path mutated(String name, UnaryOperator<CheckpointTensor> change) {
        Path target = folder.resolve("mutated.safetensors");
        try (ModelPart part = ModelPart.open(GoldenFile.path("quant/distill_fp8"))) {
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

    private static CheckpointTensor withScale(CheckpointTensor scale, int row, float value) {
        byte[] bytes = new byte[Math.toIntExact(scale.bytes())];
        scale.read(0, scale.bytes()).get(bytes);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(4 * row, value);
        return new CheckpointTensor(scale.name(), scale.shape(), Format.F32, new HeapBytes(bytes, Path.of("m")));
    }

    private void assertRefused(Path damaged, String name, String what) {
        assertThatThrownBy(() -> Tiny.convert(
                        damaged,
                        folder.resolve("out.safetensors"),
                        Tiny.single(TargetLayout.OFFICIAL),
                        TargetFormat.BF16))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(what);
    }

    @ParameterizedTest
    @ValueSource(floats = {0f, -0.001f, Float.NaN, Float.POSITIVE_INFINITY})
    void scaleThatCannotBeIsNamed(float value) {
        assertRefused(mutated(SCALE, scale -> withScale(scale, 3, value)), SCALE, "row 3");
    }

    @Test
    void transposedScaleIsNamed() {
        Path damaged = mutated(
                SCALE, scale -> scale.reshaped(SCALE, Shape.of(1, scale.shape().count())));
        assertRefused(damaged, SCALE, "[1,256]");
    }

    @Test
    void missingScaleIsNamed() {
        assertRefused(mutated(SCALE, scale -> null), SCALE, "expected a scale");
    }

    @Test
    void nanCodeIsNamed() {
        Path damaged = mutated(CODES, codes -> {
            byte[] bytes = new byte[Math.toIntExact(codes.bytes())];
            codes.read(0, codes.bytes()).get(bytes);
            bytes[12345] = (byte) 0xFF;
            return new CheckpointTensor(CODES, codes.shape(), codes.format(), new HeapBytes(bytes, Path.of("m")));
        });
        assertRefused(damaged, CODES, "NaN");
    }
}
