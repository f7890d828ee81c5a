package io.wan4j.cli.quality;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.quantise.QuantisedWeights;
import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.model.dit.BlockListener;
import io.wan4j.model.dit.Conditioning;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.StepInput;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.ops.Ops;
import io.wan4j.ops.Weights;
import io.wan4j.quant.Balance;
import io.wan4j.quant.BalancedWeights;
import io.wan4j.quant.ChannelBalance;
import io.wan4j.spi.Device;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.WeightSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What 8-bit weights and activations lose in one transformer block, layer by layer on the same inputs, and for the block as
 * a whole.
 */
public final class BlockQuality {
    private static final List<String> LAYERS = List.of(
            "self_attn.q",
            "self_attn.k",
            "self_attn.v",
            "self_attn.o",
            "cross_attn.q",
            "cross_attn.k",
            "cross_attn.v",
            "cross_attn.k_img",
            "cross_attn.v_img",
            "cross_attn.o",
            "ffn.0",
            "ffn.2");
    private static final String BLOCK = "blocks.0.";
    private static final int TEXT_ROWS = 64;

    private final WanConfig config;
    private final RecordingDevice device;
    private final WeightSource weights;
    private final int side;

    /** What is compared with unquantised computation. */
    public enum Method {
        /** E4M3 weights and activations. */
        FP8,
        /** INT8 weights and activations. */
        INT8,
        /** INT8 with balanced input channels, in the layers where that costs nothing. */
        INT8_BALANCED
    }

    /**
     * A result against the exact one.
     *
     * @param relativeError relative L2
     * @param cosine of the angle between them
     */
    public record Loss(double relativeError, double cosine) {
        static Loss of(float[] actual, float[] exact) {
            double error = 0;
            double norm = 0;
            double own = 0;
            double product = 0;
            for (int i = 0; i < exact.length; i++) {
                double difference = (double) actual[i] - exact[i];
                error += difference * difference;
                norm += (double) exact[i] * exact[i];
                own += (double) actual[i] * actual[i];
                product += (double) actual[i] * exact[i];
            }
            return new Loss(Math.sqrt(error / norm), product / Math.sqrt(norm * own));
        }
    }

    /**
     * A layer, or the block, and its losses.
     *
     * @param name of the layer, or {@code block}
     * @param losses by method; a layer that cannot be balanced has none for that
     */
    public record Row(String name, Map<Method, Loss> losses) {}

    /**
     * A measurement of a transformer's first block.
     *
     * @param config sizes
     * @param weights dense
     * @param device with F32 activations
     * @param side tokens are two frames of side x side
     */
    public BlockQuality(WanConfig config, WeightSource weights, Device device, int side) {
        this.config =
                new WanConfig(config.dim(), config.ffnDim(), config.heads(), 1, config.textDim(), config.imageDim());
        this.device = new RecordingDevice(device);
        this.weights = weights;
        this.side = side;
    }

    /** Heavy-tailed random weights with outlier channels. */
    public static WeightSource randomWeights(long seed) {
        return new HeavyTailedWeights(seed);
    }

    /** Measures; the last row is the block: what it adds to the residual stream. */
    public List<Row> run() {
        float[] exact = block(weights);
        Map<String, RecordingDevice.Rows> inputs = new LinkedHashMap<>();
        LAYERS.forEach(layer -> inputs.put(layer, device.input(BLOCK + layer)));
        Map<String, float[]> factors = factors(inputs);
        List<Row> rows = new ArrayList<>();
        inputs.forEach((layer, x) -> rows.add(row(layer, x, factors)));
        WeightSource balanced = new BalancedWeights(weights, factors);
        Map<Method, Loss> whole = new EnumMap<>(Method.class);
        whole.put(Method.FP8, Loss.of(block(quantised(weights, WeightScheme.FP8_ROWS)), exact));
        whole.put(Method.INT8, Loss.of(block(quantised(weights, WeightScheme.INT8_ROWS)), exact));
        whole.put(Method.INT8_BALANCED, Loss.of(block(quantised(balanced, WeightScheme.INT8_ROWS)), exact));
        rows.add(new Row("block", whole));
        return rows;
    }

    private Map<String, float[]> factors(Map<String, RecordingDevice.Rows> inputs) {
        Map<String, float[]> factors = new HashMap<>();
        inputs.forEach((layer, x) -> {
            if (BalancedWeights.canBalance(BLOCK + layer)) {
                factors.put(
                        BLOCK + layer,
                        ChannelBalance.factors(largest(x), largestInput(layer, x.columns()), ChannelBalance.HALF));
            }
        });
        return factors;
    }

    private Row row(String layer, RecordingDevice.Rows x, Map<String, float[]> factors) {
        float[] y = linear(weights, layer, x);
        Map<Method, Loss> losses = new EnumMap<>(Method.class);
        losses.put(Method.FP8, Loss.of(linear(quantised(weights, WeightScheme.FP8_ROWS), layer, x), y));
        losses.put(Method.INT8, Loss.of(linear(quantised(weights, WeightScheme.INT8_ROWS), layer, x), y));
        float[] factor = factors.get(BLOCK + layer);
        if (factor != null) {
            WeightSource own = new BalancedWeights(weights, Map.of(BLOCK + layer, factor));
            float[] made = linear(quantised(own, WeightScheme.INT8_ROWS), layer, divided(x, factor));
            losses.put(Method.INT8_BALANCED, Loss.of(made, y));
        }
        return new Row(layer, losses);
    }

    private static WeightSource quantised(WeightSource source, WeightScheme scheme) {
        return new QuantisedWeights(source, Component.TRANSFORMER, scheme);
    }

    /** What the block adds to the residual stream. */
    private float[] block(WeightSource source) {
        try (WanTransformer transformer = WanTransformer.load(config, source, device, Residency.ALL);
                Ops ops = Ops.on(device);
                Conditioning conditioning = transformer.condition(
                        ops,
                        ops.upload(normal(1, TEXT_ROWS * config.textDim()), TEXT_ROWS, config.textDim()),
                        ops.upload(
                                normal(2, WanConfig.IMAGE_ROWS * config.imageDim()),
                                WanConfig.IMAGE_ROWS,
                                config.imageDim()))) {
            Tensor latent = random(ops, 3, WanConfig.LATENT_CHANNELS);
            Tensor condition = random(ops, 4, WanConfig.CONDITION_CHANNELS);
            Tensor velocity = ops.allocate(latent.shape(), Format.F32);
            transformer.forward(ops, new StepInput(latent, condition, 750, conditioning), velocity, BlockListener.NONE);
            float[] before = device.target("patch_embedding");
            float[] after = device.target(BLOCK + "ffn.2").clone();
            for (int i = 0; i < after.length; i++) {
                after[i] -= before[i];
            }
            return after;
        }
    }

    private Tensor random(Ops ops, int salt, int channels) {
        int pixels = 2 * side;
        return ops.upload(normal(salt, channels * 2 * pixels * pixels), channels, 2, pixels, pixels);
    }

    private static float[] normal(int salt, int count) {
        SplittableRandom random = new SplittableRandom(salt);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private float[] linear(WeightSource source, String layer, RecordingDevice.Rows x) {
        long out = layer.equals("ffn.0") ? config.ffnDim() : config.dim();
        try (Weights loader = Weights.open(source, device);
                Ops ops = Ops.on(device)) {
            Linear linear = loader.linear(BLOCK + layer, x.columns(), out);
            Tensor input = ops.upload(x.values(), x.count(), x.columns());
            return ops.download(ops.linear(input, linear, Epilogue.STORE, Format.F32));
        }
    }

    private static float[] largest(RecordingDevice.Rows rows) {
        float[] largest = new float[rows.columns()];
        for (int i = 0; i < rows.values().length; i++) {
            int column = i % rows.columns();
            largest[column] = Math.max(largest[column], Math.abs(rows.values()[i]));
        }
        return largest;
    }

    /** The largest magnitude of each column of a layer's weight. */
    private float[] largestInput(String layer, int columns) {
        return Balance.largestOfColumns(weights.get(BLOCK + layer + ".weight", Shape.of(config.dim(), columns)));
    }

    private static RecordingDevice.Rows divided(RecordingDevice.Rows rows, float[] factors) {
        float[] values = rows.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] /= factors[i % rows.columns()];
        }
        return new RecordingDevice.Rows(values, rows.columns());
    }
}
