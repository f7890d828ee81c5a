package io.wan4j.model.vision;

import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.WeightSource;
import java.util.OptionalInt;

/**
 * Sizes of a CLIP vision tower with 14x14 patches of 224x224 pixels.
 *
 * @param dim width of a row
 * @param hiddenDim hidden width of the feed-forward layers
 * @param heads attention heads
 * @param layers transformer blocks in the checkpoint; the last one is not used
 */
public record VisionConfig(int dim, int hiddenDim, int heads, int layers) {
    /** Pixels of a side. */
    public static final int SIZE = 224;

    /** Pixels of a patch's side. */
    public static final int PATCH = 14;

    /** Class row and patches. */
    public static final int ROWS = 1 + (SIZE / PATCH) * (SIZE / PATCH);

    /** Added to variances. */
    public static final float EPS = 1e-5f;

    private static final int USUAL_HEAD_DIM = 80;

    /** Checks that the sizes fit together. */
    public VisionConfig {
        if (dim <= 0 || hiddenDim <= 0 || heads <= 0 || layers < 2 || dim % heads != 0) {
            throw new IllegalArgumentException("image encoder sizes: expected dim divisible by heads and 2 or more"
                    + " layers, got dim " + dim + ", hiddenDim " + hiddenDim + ", heads " + heads + ", layers "
                    + layers);
        }
    }

    /** ViT-H/14 as in open-clip XLM-RoBERTa large. */
    public static VisionConfig vitHuge14() {
        return new VisionConfig(1280, 5120, 16, 32);
    }

    /**
     * Reads the sizes from the shapes of a checkpoint. The number of heads is not in the shapes: it is given, or taken as
     * dim / 80.
     */
    public static VisionConfig infer(WeightSource source, OptionalInt heads) {
        int dim = Math.toIntExact(shape(source, "visual.patch_embedding.weight").dim(0));
        int layers = 0;
        while (source.names().contains("visual.transformer." + layers + ".norm1.weight")) {
            layers++;
        }
        return new VisionConfig(
                dim,
                Math.toIntExact(
                        shape(source, "visual.transformer.0.mlp.0.weight").dim(0)),
                heads.orElse(Math.max(1, dim / USUAL_HEAD_DIM)),
                layers);
    }

    private static Shape shape(WeightSource source, String name) {
        return source.find(name)
                .orElseThrow(() -> new CheckpointException(
                        name + ": expected a CLIP vision tower, but there is no such tensor in " + source.location()))
                .shape();
    }
}
