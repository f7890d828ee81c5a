package io.wan4j.model.dit;

import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.WeightSource;
import java.util.OptionalInt;

/**
 * Sizes of a Wan2.1 image-to-video transformer.
 *
 * @param dim width of a token
 * @param ffnDim hidden width of the feed-forward layers
 * @param heads attention heads; the head dimension is dim / heads
 * @param layers transformer blocks
 * @param textDim width of a text encoder row
 * @param imageDim width of an image encoder row
 */
public record WanConfig(int dim, int ffnDim, int heads, int layers, int textDim, int imageDim) {
    /** Channels of the noisy latent, and of the velocity. */
    public static final int LATENT_CHANNELS = 16;

    /** Channels of the conditioning: 4 of mask, 16 of latent. */
    public static final int CONDITION_CHANNELS = 20;

    /** Rows of text that are attended; shorter prompts are padded with zeros before the text embedding. */
    public static final int TEXT_ROWS = 512;

    /** Rows of the image encoder: one class row and 16x16 patches. */
    public static final int IMAGE_ROWS = 257;

    /** Cosines and sines of the timestep. */
    public static final int TIME_FEATURES = 256;

    /** Added to variances and mean squares. */
    public static final float EPS = 1e-6f;

    private static final int USUAL_HEAD_DIM = 128;

    /** Checks that the sizes fit together. */
    public WanConfig {
        if (dim <= 0 || ffnDim <= 0 || heads <= 0 || layers <= 0 || textDim <= 0 || imageDim <= 0) {
            throw new IllegalArgumentException("transformer sizes: expected numbers above 0, got dim " + dim
                    + ", ffnDim " + ffnDim + ", heads " + heads + ", layers " + layers + ", textDim " + textDim
                    + ", imageDim " + imageDim);
        }
        if (dim % heads != 0 || dim / heads % 2 != 0) {
            throw new IllegalArgumentException(
                    "transformer sizes: expected an even head dimension, got dim " + dim + " with " + heads + " heads");
        }
    }

    /** Wan2.1-I2V-14B, 480P and 720P. */
    public static WanConfig i2v14b() {
        return new WanConfig(5120, 13824, 40, 40, 4096, 1280);
    }

    /** Width of one head. */
    public int headDim() {
        return dim / heads;
    }

    /**
     * Reads the sizes from the shapes of a checkpoint. The number of heads is not in the shapes: it comes from
     * {@code config.json}, or is taken as dim / 128.
     *
     * @throws CheckpointException if this is not an image-to-video transformer
     */
    public static WanConfig infer(WeightSource source, OptionalInt heads) {
        int dim = Math.toIntExact(shape(source, "patch_embedding.weight").dim(0));
        long channels = shape(source, "patch_embedding.weight").dim(1);
        if (channels != LATENT_CHANNELS + CONDITION_CHANNELS || !source.names().contains("img_emb.proj.1.weight")) {
            throw new CheckpointException("patch_embedding.weight: expected an image-to-video transformer with "
                    + (LATENT_CHANNELS + CONDITION_CHANNELS) + " input channels and img_emb layers, got " + channels
                    + " channels in " + source.location() + "; is this a text-to-video checkpoint?");
        }
        int layers = 0;
        while (source.names().contains("blocks." + layers + ".modulation")) {
            layers++;
        }
        if (layers == 0) {
            throw new CheckpointException(
                    "blocks.0.modulation: expected at least one block, got none in " + source.location());
        }
        int headCount = heads.orElse(Math.max(1, dim / USUAL_HEAD_DIM));
        return new WanConfig(
                dim,
                Math.toIntExact(shape(source, "blocks.0.ffn.0.weight").dim(0)),
                headCount,
                layers,
                Math.toIntExact(shape(source, "text_embedding.0.weight").dim(1)),
                Math.toIntExact(shape(source, "img_emb.proj.1.weight").dim(1)));
    }

    private static Shape shape(WeightSource source, String name) {
        return source.find(name)
                .orElseThrow(() -> new CheckpointException(
                        name + ": expected a Wan transformer, but there is no such tensor in " + source.location()))
                .shape();
    }
}
