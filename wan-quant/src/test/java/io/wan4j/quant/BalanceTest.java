package io.wan4j.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.quantise.StoredRows;
import io.wan4j.error.CheckpointException;
import io.wan4j.error.UnsupportedException;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BalanceTest {
    private static final int WIDTH = 128;
    private static final List<String> LAYERS = List.of("self_attn.o", "cross_attn.q", "cross_attn.o");

    @TempDir
    private Path folder = Path.of("");

    /** Maxima in which every tenth channel is an outlier. */
    private Path maxima() {
        Map<String, float[]> layers = new HashMap<>();
        for (int block = 0; block < 2; block++) {
            for (String layer : LAYERS) {
                float[] values = new float[WIDTH];
                IntStream.range(0, WIDTH).forEach(i -> values[i] = i % 10 == 0 ? 40 : 1);
                layers.put("blocks." + block + "." + layer, values);
            }
        }
        Path file = folder.resolve("maxima.safetensors");
        new ChannelMaxima(layers).write(file);
        return file;
    }

    private ConversionReport convert(Path target, TargetFormat format, Balance balance) {
        Conversion.Changes changes = new Conversion.Changes(List.of(), Optional.of(balance));
        return new Converter(
                        new Conversion(Tiny.TRANSFORMER, target, Tiny.single(TargetLayout.OFFICIAL), format, changes),
                        ConversionListener.NONE)
                .run();
    }

    @Test
    void maximaComeBackAsTheyWereWritten() {
        ChannelMaxima read = ChannelMaxima.read(maxima());
        assertThat(read.layers()).hasSize(6);
        assertThat(read.layers().get("blocks.1.cross_attn.q"))
                .hasSize(WIDTH)
                .startsWith(40, 1)
                .contains(40, org.assertj.core.data.Index.atIndex(120));
    }

    /** {@code (W_o diag f) (W_v / f)} is the layer pair's function whatever f is; here up to the rounding to INT8. */
    @Test
    void factorsOfAColumnAndOfTheRowBeforeItCancel() {
        Path target = folder.resolve("balanced.safetensors");
        ConversionReport report = convert(target, TargetFormat.INT8, new Balance(maxima(), 0.5));
        assertThat(report.balanced()).hasSize(6).contains("blocks.0.cross_attn.q");
        try (ModelPart base = ModelPart.open(Tiny.TRANSFORMER);
                ModelPart balanced = ModelPart.open(target)) {
            float[][] before = {
                values(base.weights(), "blocks.0.self_attn.o"), values(base.weights(), "blocks.0.self_attn.v")
            };
            float[][] after = {
                values(balanced.weights(), "blocks.0.self_attn.o"), values(balanced.weights(), "blocks.0.self_attn.v")
            };
            float[] scales = scales(balanced.weights(), "blocks.0.self_attn.o");
            float[] scalesBefore = scales(balanced.weights(), "blocks.0.self_attn.v");
            double error = 0;
            double predicted = 0;
            for (int out = 0; out < WIDTH; out++) {
                for (int in = 0; in < WIDTH; in++) {
                    double difference = product(after, out, in) - product(before, out, in);
                    error += difference * difference;
                    for (int k = 0; k < WIDTH; k++) {
                        double rounding = scales[out] * after[1][k * WIDTH + in];
                        double roundingBefore = after[0][out * WIDTH + k] * scalesBefore[k];
                        predicted += (rounding * rounding + roundingBefore * roundingBefore) / 12;
                    }
                }
            }
            // A rounding to steps of s has the variance s * s / 12; 16384 sums of 256 of them leave no room for chance.
            assertThat(error / predicted).isCloseTo(1, within(0.1));
            assertThat(after[1]).isNotEqualTo(before[1]);
        }
    }

    private static double product(float[][] pair, int out, int in) {
        double sum = 0;
        for (int k = 0; k < WIDTH; k++) {
            sum += (double) pair[0][out * WIDTH + k] * pair[1][k * WIDTH + in];
        }
        return sum;
    }

    private static float[] values(WeightSource source, String layer) {
        StoredRows rows = new StoredRows(source.weight(layer, Shape.of(WIDTH, WIDTH)));
        float[] all = new float[WIDTH * WIDTH];
        rows.read(0, WIDTH, all);
        return all;
    }

    private static float[] scales(WeightSource source, String layer) {
        StoredTensor scale =
                source.weight(layer, Shape.of(WIDTH, WIDTH)).scale().orElseThrow();
        float[] all = new float[WIDTH];
        FloatCodec.decode(scale.format(), scale.read(0, scale.bytes()), 0, all, 0, WIDTH);
        return all;
    }

    @Test
    void balancedFileIsAnOrdinaryInt8File() {
        Path target = folder.resolve("balanced.safetensors");
        Path plain = folder.resolve("plain.safetensors");
        convert(target, TargetFormat.INT8, new Balance(maxima(), 0.5));
        Tiny.convert(Tiny.TRANSFORMER, plain, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.INT8);
        try (ModelPart balanced = ModelPart.open(target);
                ModelPart unbalanced = ModelPart.open(plain)) {
            assertThat(balanced.tensors().keySet())
                    .isEqualTo(unbalanced.tensors().keySet());
            assertThat(balanced.quantisation()).isEqualTo(unbalanced.quantisation());
            assertThat(balanced.weights()
                            .weight("blocks.0.ffn.0", Shape.of(256, WIDTH))
                            .activations())
                    .isEqualTo(ActivationMode.DYNAMIC_8BIT);
        }
        Map<String, String> same = Tiny.content(target);
        same.entrySet().retainAll(Tiny.content(plain).entrySet());
        assertThat(same.keySet()).contains("blocks.0.ffn.2.weight", "blocks.0.self_attn.q.weight");
        assertThat(same.keySet())
                .doesNotContain(
                        "blocks.0.norm3.weight", "blocks.1.cross_attn.v_img.bias", "blocks.0.self_attn.o.weight");
    }

    @Test
    void balanceNeedsInt8() {
        Balance balance = new Balance(maxima(), 0.5);
        assertThatThrownBy(() -> convert(folder.resolve("x.safetensors"), TargetFormat.FP8, balance))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("expected INT8");
        assertThatThrownBy(() -> new Balance(maxima(), 1.5)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void maximaOfAnotherModelAreRefusedByTheLayersName() {
        Path file = folder.resolve("other.safetensors");
        new ChannelMaxima(Map.of("blocks.0.self_attn.o", new float[5])).write(file);
        assertThatThrownBy(() -> convert(folder.resolve("x.safetensors"), TargetFormat.INT8, new Balance(file, 0.5)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("input_amax: expected [128]")
                .hasMessageContaining("other.safetensors");
        assertThat(folder.resolve("x.safetensors")).doesNotExist();
        assertThatThrownBy(() -> ChannelMaxima.read(Tiny.MODEL.resolve("Wan2.1_VAE.pth")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("expected LAYER.input_amax");
    }
}
