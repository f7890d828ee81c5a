package io.wan4j.checkpoint.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.quantise.DequantisedTensor;
import io.wan4j.checkpoint.safetensors.SafetensorsWriter;
import io.wan4j.error.CheckpointException;
import io.wan4j.error.UnsupportedException;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredAdapter;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoraWeightsTest {
    private static final String LAYER = "blocks.1.self_attn.q";
    private static final Shape SQUARE = Shape.of(128, 128);

    @TempDir
    private Path folder = Path.of("");

    private final ModelPart dense =
            ModelPart.open(Goldens.path("pipeline/Wan2.1-I2V-tiny/diffusion_pytorch_model.safetensors.index.json"));
    private final ModelPart quantised = ModelPart.open(Goldens.path("quant/int8"));
    private final Map<String, CheckpointTensor> tensors = new LinkedHashMap<>();

    @AfterEach
    void close() {
        dense.close();
        quantised.close();
    }

    private void add(String name, long... dims) {
        Shape shape = Shape.of(dims);
        byte[] bytes = new byte[Math.toIntExact(shape.count() * Float.BYTES)];
        ByteBuffer values = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Random random = new Random(name.hashCode());
        while (values.hasRemaining()) {
            values.putFloat((float) random.nextGaussian() * 0.05f);
        }
        tensors.put(name, new CheckpointTensor(name, shape, Format.F32, new HeapBytes(bytes, folder)));
    }

    private Path write() {
        Path file = folder.resolve("lora.safetensors");
        List<TensorSpec> specs = tensors.values().stream().map(TensorSpec::of).toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of())) {
            tensors.values().forEach(writer::write);
            writer.finish();
        }
        return file;
    }

    private LoraWeights open(WeightSource base, LoraMode mode, Strength strength) {
        return LoraWeights.open(base, List.of(new Lora(write(), strength)), mode);
    }

    private static float[] floats(StoredTensor tensor) {
        float[] all = new float[Math.toIntExact(tensor.shape().count())];
        FloatCodec.decode(tensor.format(), tensor.read(0, tensor.bytes()), 0, all, 0, all.length);
        return all;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "transformer.blocks.1.attn1.to_q",
                "lora_unet_blocks_1_self_attn_q",
                "lora_unet_blocks_1_attn1_to_q",
                "base_model.model.blocks.1.self_attn.q",
                "model.diffusion_model.blocks.1.self_attn.q",
                "diffusion_model.blocks.1.self_attn.q"
            })
    void everyWayToNameALayerFindsIt(String key) {
        add(key + ".lora_down.weight", 4, 128);
        add(key + ".lora_up.weight", 128, 4);
        try (LoraWeights weights = open(dense.weights(), LoraMode.MERGE, Strength.ONE)) {
            assertThat(weights.reports().get(0).matched()).containsExactly(LAYER + ".weight");
            assertThat(weights.reports().get(0).unmatched()).isEmpty();
        }
    }

    @Test
    void quantisedWeightKeepsItsCodesAndGetsASideBranch() {
        add(LAYER + ".lora_A.weight", 4, 128);
        add(LAYER + ".lora_B.weight", 128, 4);
        WeightSource base = quantised.weights();
        try (LoraWeights weights = open(base, LoraMode.MERGE, Strength.of(0.5f))) {
            assertThat(weights.weight(LAYER, SQUARE)).isEqualTo(base.weight(LAYER, SQUARE));
            List<StoredAdapter> adapters = weights.adapters(LAYER, SQUARE);
            assertThat(adapters).hasSize(1);
            assertThat(adapters.get(0).strength()).isEqualTo(0.5f);
            assertThat(weights.adapters("blocks.0.self_attn.q", SQUARE)).isEmpty();
            assertThat(weights.keepsLayersOf(base)).isTrue();
        }
    }

    @Test
    void requantisingRoundsTheMergedWeightAgain() {
        add(LAYER + ".lora_A.weight", 4, 128);
        add(LAYER + ".lora_B.weight", 128, 4);
        WeightSource base = quantised.weights();
        try (LoraWeights asked = open(base, LoraMode.REQUANTISE, Strength.ONE)) {
            StoredWeight made = asked.weight(LAYER, SQUARE);
            assertThat(asked.adapters(LAYER, SQUARE)).isEmpty();
            assertThat(made.values().format()).isEqualTo(Format.I8);
            float[] merged = floats(new DequantisedTensor(made));
            float[] expected = floats(new DequantisedTensor(base.weight(LAYER, SQUARE)));
            Change change = new Change(
                    LoraFile.open(folder.resolve("lora.safetensors")).parts().get(0), 1);
            for (int row = 0; row < 128; row++) {
                change.rows().add(row, expected, 128 * row, 128);
            }
            for (int i = 0; i < merged.length; i++) {
                assertThat(merged[i]).isCloseTo(expected[i], within(0.002f));
            }
        }
    }

    @Test
    void fileThatMatchesNothingIsRefused() {
        add("blocks.77.self_attn.q.lora_A.weight", 4, 128);
        add("blocks.77.self_attn.q.lora_B.weight", 128, 4);
        assertThatThrownBy(() -> open(dense.weights(), LoraMode.MERGE, Strength.ONE))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("lora.safetensors")
                .hasMessageContaining("none matches");
    }

    @Test
    void loraOfAnotherModelSizeIsRefused() {
        add(LAYER + ".lora_A.weight", 4, 256);
        add(LAYER + ".lora_B.weight", 256, 4);
        assertThatThrownBy(() -> open(dense.weights(), LoraMode.MERGE, Strength.ONE))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("[128,128]")
                .hasMessageContaining("[256,256]");
    }

    @Test
    void doraIsRefusedByName() {
        add(LAYER + ".lora_A.weight", 4, 128);
        add(LAYER + ".lora_B.weight", 128, 4);
        add(LAYER + ".dora_scale", 128, 1);
        assertThatThrownBy(() -> open(dense.weights(), LoraMode.MERGE, Strength.ONE))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining(LAYER + ".dora_scale");
    }

    @Test
    void stepsWithEqualStrengthsShareTheirSource() {
        add(LAYER + ".lora_A.weight", 4, 128);
        add(LAYER + ".lora_B.weight", 128, 4);
        WeightSource base = dense.weights();
        try (LoraWeights weights = open(base, LoraMode.MERGE, new Strength(List.of(1f, 0.5f, 0.5f)))) {
            WeightSource first = weights.atStep(0);
            WeightSource second = weights.atStep(1);
            assertThat(first).isSameAs(weights);
            assertThat(second).isSameAs(weights.atStep(2)).isSameAs(weights.atStep(9));
            assertThat(second.adapters(LAYER, SQUARE).get(0).strength()).isEqualTo(0.5f);
            assertThat(second.keepsLayersOf(first)).isTrue();
        }
    }

    @Test
    void magnitudeIsTheNormOfTheChangeOverThatOfTheWeight() {
        add(LAYER + ".lora_A.weight", 4, 128);
        add(LAYER + ".lora_B.weight", 128, 4);
        WeightSource base = dense.weights();
        try (LoraWeights weights = open(base, LoraMode.MERGE, Strength.of(0.5f))) {
            float[] before = floats(base.find(LAYER + ".weight").orElseThrow());
            float[] after = floats(weights.find(LAYER + ".weight").orElseThrow());
            double change = 0;
            double norm = 0;
            for (int i = 0; i < before.length; i++) {
                change += Math.pow((double) after[i] - before[i], 2);
                norm += Math.pow(before[i], 2);
            }
            assertThat(weights.magnitudes().get(0).get(0).ratio()).isCloseTo(Math.sqrt(change / norm), within(1e-5));
        }
    }
}
