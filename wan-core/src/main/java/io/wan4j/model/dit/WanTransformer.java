package io.wan4j.model.dit;

import static io.wan4j.model.dit.WanConfig.CONDITION_CHANNELS;
import static io.wan4j.model.dit.WanConfig.EPS;
import static io.wan4j.model.dit.WanConfig.IMAGE_ROWS;
import static io.wan4j.model.dit.WanConfig.LATENT_CHANNELS;
import static io.wan4j.model.dit.WanConfig.TEXT_ROWS;
import static io.wan4j.model.dit.WanConfig.TIME_FEATURES;

import io.wan4j.error.ShapeException;
import io.wan4j.ops.Norm;
import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Activation;
import io.wan4j.spi.Device;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.WeightSource;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The diffusion transformer: {@code v = f(x, t | y, text, image)}. Source: Wan2.1 {@code wan/modules/model.py}. Used by
 * one thread at a time. Closing frees the weights.
 */
public final class WanTransformer implements AutoCloseable {
    private static final float IMAGE_NORM_EPS = 1e-5f;

    private final WanConfig config;
    private final Device device;
    private final Weights weights;
    private final Linear patchEmbedding;
    private final Linear textUp;
    private final Linear textDown;
    private final Linear timeUp;
    private final Linear timeDown;
    private final Linear timeProjection;
    private final Norm imageNormIn;
    private final Linear imageUp;
    private final Linear imageDown;
    private final Norm imageNormOut;
    private final Tensor headModulation;
    private final Linear head;
    private final Blocks blocks;

    private WanTransformer(WanConfig config, Device device, Weights weights, Supplier<Blocks> blockLoader) {
        this.config = config;
        this.device = device;
        this.weights = weights;
        int dim = config.dim();
        patchEmbedding = weights.patchLinear(
                "patch_embedding", Shape.of(dim, LATENT_CHANNELS + CONDITION_CHANNELS, 1, 2, 2), true);
        textUp = weights.linear("text_embedding.0", config.textDim(), dim);
        textDown = weights.linear("text_embedding.2", dim, dim);
        timeUp = weights.linear("time_embedding.0", TIME_FEATURES, dim);
        timeDown = weights.linear("time_embedding.2", dim, dim);
        timeProjection = weights.linear("time_projection.1", dim, 6 * dim);
        imageNormIn = weights.norm("img_emb.proj.0", config.imageDim(), IMAGE_NORM_EPS);
        imageUp = weights.linear("img_emb.proj.1", config.imageDim(), config.imageDim());
        imageDown = weights.linear("img_emb.proj.3", config.imageDim(), dim);
        imageNormOut = weights.norm("img_emb.proj.4", dim, IMAGE_NORM_EPS);
        headModulation = weights.tensor("head.modulation", 1, 2, dim).reshape(2, dim);
        head = weights.linear("head.head", dim, 4 * LATENT_CHANNELS);
        blocks = blockLoader.get();
    }

    /**
     * Loads a transformer. The source stays open as long as the transformer.
     *
     * @throws io.wan4j.error.CheckpointException if a tensor is missing or has another shape
     * @throws io.wan4j.error.DeviceException if the device has no room
     */
    public static WanTransformer load(WanConfig config, WeightSource source, Device device, Residency residency) {
        Weights weights = Weights.open(source, device);
        try {
            return new WanTransformer(config, device, weights, () -> new Blocks(config, source, device, residency));
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
        }
    }

    /**
     * This transformer with other adapters, biases and norms. The weights of its linear layers stay on the device and
     * belong to both until one is closed; the caller closes both.
     *
     * @param changed a source whose {@link WeightSource#keepsLayersOf} is true for the one that this was loaded from
     */
    public WanTransformer with(WeightSource changed) {
        Weights reopened = weights.reopen(changed);
        try {
            return new WanTransformer(config, device, reopened, () -> blocks.with(changed));
        } catch (RuntimeException | Error failure) {
            reopened.close();
            throw failure;
        }
    }

    /** Sizes. */
    public WanConfig config() {
        return config;
    }

    /** Blocks that stay on the device. */
    public int residentBlocks() {
        return blocks.resident();
    }

    /**
     * Embeds a prompt and a picture.
     *
     * @param text rows of the text encoder, real tokens only, F32 [n, textDim] with n from 1 to 512
     * @param image rows of the image encoder, F32 [257, imageDim]
     */
    public Conditioning condition(Ops parent, Tensor text, Tensor image) {
        long rows = text.shape().dim(0);
        if (rows < 1 || rows > TEXT_ROWS) {
            throw new ShapeException("text rows: expected 1 to " + TEXT_ROWS + ", got " + rows);
        }
        Conditioning result = new Conditioning(
                device.memory().arena(), config, device.formats().compute());
        try (Ops ops = parent.nested()) {
            Tensor padded = ops.upload(new float[TEXT_ROWS * config.textDim()], TEXT_ROWS, config.textDim());
            ops.copy(text, padded.slice(0, rows));
            Tensor hidden = ops.linear(
                    padded, textUp, Activation.GELU_TANH, device.formats().compute());
            ops.linear(hidden, textDown, Target.store(result.text()));
            embedImage(ops, image, result.image());
            return result;
        } catch (RuntimeException | Error failure) {
            result.close();
            throw failure;
        }
    }

    private void embedImage(Ops ops, Tensor image, Tensor out) {
        Format compute = device.formats().compute();
        if (image.shape().dim(0) != IMAGE_ROWS) {
            throw new ShapeException("image rows: expected " + IMAGE_ROWS + ", got " + image.shape());
        }
        Tensor normed = ops.layerNorm(image, imageNormIn, compute);
        Tensor hidden = ops.linear(normed, imageUp, Activation.GELU_ERF, compute);
        Tensor rows = ops.linear(hidden, imageDown, Epilogue.STORE, Format.F32);
        ops.copy(ops.layerNorm(rows, imageNormOut, compute), out);
    }

    /**
     * Predicts the velocity.
     *
     * @param input the step's latent, condition and timestep
     * @param velocity F32 [16, T, H, W], written
     */
    public void forward(Ops parent, StepInput input, Tensor velocity, BlockListener listener) {
        Shape grid = input.latent().shape();
        int frames = Math.toIntExact(grid.dim(1));
        int rows = Math.toIntExact(grid.dim(2) / 2);
        int columns = Math.toIntExact(grid.dim(3) / 2);
        try (Ops ops = parent.nested()) {
            Tensor x = embedPatches(ops, input);
            Tensor time = embedTime(ops, input.timestep());
            Tensor blockTime = projectTime(ops, time);
            float[] table = Rotary.table(config.headDim(), frames, rows, columns);
            Rope rope = new Rope(ops.upload(table, x.shape().dim(0), config.headDim() / 2, 2), config.heads());
            for (int i = 0; i < config.layers(); i++) {
                int index = i;
                listener.starting(index, config.layers());
                blocks.with(index, (block, recording) -> {
                    List<KeyValue> contexts = contexts(ops, input, index, block);
                    recording.run(
                            operands(x, blockTime, rope, contexts),
                            () -> block.forward(ops, x, blockTime, rope, contexts));
                });
            }
            head(ops, x, time, velocity);
        }
    }

    private static List<Tensor> operands(Tensor x, Tensor time, Rope rope, List<KeyValue> contexts) {
        return Stream.concat(
                        Stream.of(x, time, rope.table()),
                        contexts.stream().flatMap(context -> Stream.of(context.key(), context.value())))
                .toList();
    }

    private static List<KeyValue> contexts(Ops ops, StepInput input, int index, WanBlock block) {
        Conditioning conditioning = input.conditioning();
        return conditioning.contexts(
                index, target -> block.contexts(ops, conditioning.image(), conditioning.text(), target));
    }

    private Tensor embedPatches(Ops ops, StepInput input) {
        Shape grid = input.latent().shape();
        Tensor x = ops.allocate(
                Shape.of(grid.dim(1) * (grid.dim(2) / 2) * (grid.dim(3) / 2), config.dim()),
                device.formats().residual());
        try (Ops scope = ops.nested()) {
            Tensor patches = scope.patchify(List.of(input.latent(), input.condition()));
            scope.linear(patches, patchEmbedding, Target.store(x));
        }
        return x;
    }

    /** e, F32 [1, dim]. */
    private Tensor embedTime(Ops ops, double timestep) {
        Tensor features = ops.upload(Timestep.features(timestep, TIME_FEATURES), 1, TIME_FEATURES);
        Tensor hidden = ops.linear(features, timeUp, Activation.SILU, Format.F32);
        return ops.linear(hidden, timeDown, Epilogue.STORE, Format.F32);
    }

    /** e0, F32 [6, dim]. */
    private Tensor projectTime(Ops ops, Tensor time) {
        Tensor active = ops.activate(time, Activation.SILU);
        return ops.linear(active, timeProjection, Epilogue.STORE, Format.F32).reshape(6, config.dim());
    }

    private void head(Ops ops, Tensor x, Tensor time, Tensor velocity) {
        Tensor rows = ops.modulation(headModulation, time);
        Tensor in = ops.normModulate(
                x,
                rows.entry(0),
                rows.entry(1),
                EPS,
                head.input(device.formats().compute()));
        ops.unpatchify(ops.linear(in, head, Epilogue.STORE, Format.F32), velocity);
    }

    /** Frees the weights. */
    @Override
    public void close() {
        blocks.close();
        weights.close();
    }
}
