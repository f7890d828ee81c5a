package io.wan4j.model.text;

import static io.wan4j.model.text.TextConfig.EPS;
import static io.wan4j.model.text.TextConfig.MAX_TOKENS;

import io.wan4j.error.ShapeException;
import io.wan4j.ops.Ops;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * The umT5 encoder: token ids to rows of text. Only real tokens are encoded; padding has no influence on them. Source:
 * Wan2.1 {@code wan/modules/t5.py}. Closing frees the weights.
 */
public final class TextEncoder implements AutoCloseable {
    private final TextConfig config;
    private final WeightSource source;
    private final Weights weights;
    private final Tensor embedding;
    private final List<TextBlock> blocks = new ArrayList<>();
    private final Tensor norm;

    private TextEncoder(TextConfig config, WeightSource source, Weights weights, boolean resident) {
        this.config = config;
        this.source = source;
        this.weights = weights;
        embedding = weights.table("token_embedding.weight", config.vocabulary(), config.dim());
        for (int i = 0; resident && i < config.layers(); i++) {
            blocks.add(new TextBlock(config, weights.at("blocks." + i)));
        }
        norm = weights.vector("norm.weight", config.dim());
    }

    /**
     * Loads an encoder. The source stays open as long as the encoder.
     *
     * @throws io.wan4j.error.CheckpointException if a tensor is missing or has another shape
     */
    public static TextEncoder load(TextConfig config, WeightSource source, Device device) {
        return load(config, source, device, true);
    }

    /**
     * Loads an encoder whose blocks come to the device one by one for each use: for a device that does not hold them all.
     *
     * @throws io.wan4j.error.CheckpointException if a tensor is missing or has another shape
     */
    public static TextEncoder loadStreamed(TextConfig config, WeightSource source, Device device) {
        return load(config, source, device, false);
    }

    private static TextEncoder load(TextConfig config, WeightSource source, Device device, boolean resident) {
        Weights weights = Weights.open(source, device);
        try {
            return new TextEncoder(config, source, weights, resident);
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
        }
    }

    /** Sizes. */
    public TextConfig config() {
        return config;
    }

    /**
     * Encodes the ids of real tokens, the end token included.
     *
     * @param ids 1 to 512 ids below the vocabulary's size
     * @param listener told the index of each block before it runs; may throw to stop
     * @return F32 [ids.length, dim], a temporary of {@code ops}
     */
    public Tensor encode(Ops ops, int[] ids, IntConsumer listener) {
        if (ids.length < 1 || ids.length > MAX_TOKENS) {
            throw new ShapeException("token ids: expected 1 to " + MAX_TOKENS + ", got " + ids.length);
        }
        Tensor out = ops.allocate(Shape.of(ids.length, config.dim()), Format.F32);
        try (Ops scope = ops.nested()) {
            Tensor x = scope.copy(scope.gather(embedding, ids), ops.formats().residual());
            for (int i = 0; i < config.layers(); i++) {
                listener.accept(i);
                forward(scope, i, x);
            }
            scope.copy(scope.rmsNorm(x, norm, EPS, Format.F32), out);
        }
        return out;
    }

    private void forward(Ops ops, int index, Tensor x) {
        if (index < blocks.size()) {
            blocks.get(index).forward(ops, x);
            return;
        }
        try (Weights streamed = Weights.open(source, ops.device())) {
            new TextBlock(config, streamed.at("blocks." + index)).forward(ops, x);
            ops.device().synchronize();
        }
    }

    /** Frees the weights. */
    @Override
    public void close() {
        weights.close();
    }
}
