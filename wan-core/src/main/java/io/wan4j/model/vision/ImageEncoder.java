package io.wan4j.model.vision;

import static io.wan4j.model.vision.VisionConfig.EPS;
import static io.wan4j.model.vision.VisionConfig.PATCH;
import static io.wan4j.model.vision.VisionConfig.ROWS;
import static io.wan4j.model.vision.VisionConfig.SIZE;

import io.wan4j.error.ShapeException;
import io.wan4j.ops.Norm;
import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Device;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.WeightSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * The CLIP vision tower up to its last block but one, without the final norm: preprocessed pixels to 257 rows. Source:
 * Wan2.1 {@code wan/modules/clip.py}. Closing frees the weights.
 */
public final class ImageEncoder implements AutoCloseable {
    private final VisionConfig config;
    private final Weights weights;
    private final Linear patchEmbedding;
    private final Tensor classRow;
    private final Tensor positions;
    private final Norm norm;
    private final List<VisionBlock> blocks = new ArrayList<>();

    private ImageEncoder(VisionConfig config, Weights weights) {
        this.config = config;
        this.weights = weights;
        int dim = config.dim();
        Weights w = weights.at("visual");
        patchEmbedding = w.patchLinear("patch_embedding", Shape.of(dim, 3, PATCH, PATCH), false);
        classRow = w.reshaped("cls_embedding", Shape.of(1, 1, dim), 1, dim);
        positions = w.reshaped("pos_embedding", Shape.of(1, ROWS, dim), ROWS, dim);
        norm = w.norm("pre_norm", dim, EPS);
        for (int i = 0; i < config.layers() - 1; i++) {
            blocks.add(new VisionBlock(config, w.at("transformer." + i)));
        }
    }

    /**
     * Loads an encoder. The source stays open as long as the encoder.
     *
     * @throws io.wan4j.error.CheckpointException if a tensor is missing or has another shape
     */
    public static ImageEncoder load(VisionConfig config, WeightSource source, Device device) {
        Weights weights = Weights.open(source, device);
        try {
            return new ImageEncoder(config, weights);
        } catch (RuntimeException | Error failure) {
            weights.close();
            throw failure;
        }
    }

    /** Sizes. */
    public VisionConfig config() {
        return config;
    }

    /**
     * Encodes a picture.
     *
     * @param pixels preprocessed picture [3, 224, 224], row-major
     * @param listener told the index of each block before it runs; may throw to stop
     * @return F32 [257, dim], a temporary of {@code ops}
     */
    public Tensor encode(Ops ops, float[] pixels, IntConsumer listener) {
        if (pixels.length != 3 * SIZE * SIZE) {
            throw new ShapeException(
                    "pixels: expected [3," + SIZE + "," + SIZE + "], got " + pixels.length + " values");
        }
        Tensor out = ops.allocate(Shape.of(ROWS, config.dim()), Format.F32);
        try (Ops scope = ops.nested()) {
            Tensor x = scope.copy(embed(scope, pixels), ops.formats().residual());
            for (int i = 0; i < blocks.size(); i++) {
                listener.accept(i);
                blocks.get(i).forward(scope, x);
            }
            scope.copy(x, out);
        }
        return out;
    }

    /** Class row and patches, plus positions, through the first norm: F32 [257, dim]. */
    private Tensor embed(Ops ops, float[] pixels) {
        Tensor rows = ops.copy(positions, Format.F32);
        Tensor patches = ops.upload(patches(pixels), ROWS - 1, 3L * PATCH * PATCH);
        ops.linear(patches, patchEmbedding, Target.addTo(rows.slice(1, ROWS)));
        Tensor first = ops.modulation(rows.slice(0, 1), classRow);
        ops.copy(first, rows.slice(0, 1));
        return ops.layerNorm(rows, norm, Format.F32);
    }

    /** Patches in row order, each as (channel, row, column): [256, 588]. */
    private static float[] patches(float[] pixels) {
        float[] out = new float[pixels.length];
        int at = 0;
        for (int row = 0; row < SIZE; row += PATCH) {
            for (int column = 0; column < SIZE; column += PATCH) {
                for (int line = 0; line < 3 * PATCH; line++) {
                    int channel = line / PATCH;
                    int from = (channel * SIZE + row + line % PATCH) * SIZE + column;
                    System.arraycopy(pixels, from, out, at, PATCH);
                    at += PATCH;
                }
            }
        }
        return out;
    }

    /** Frees the weights. */
    @Override
    public void close() {
        weights.close();
    }
}
