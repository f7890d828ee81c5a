package io.wan4j.model.text;

import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.WeightSource;

/**
 * Sizes of a umT5 encoder.
 *
 * @param vocabulary token ids
 * @param dim width of a row
 * @param attentionDim width of queries, keys and values
 * @param ffnDim hidden width of the feed-forward layers
 * @param heads attention heads
 * @param layers encoder blocks
 * @param buckets rows of a relative position table, half of them for each direction
 */
public record TextConfig(int vocabulary, int dim, int attentionDim, int ffnDim, int heads, int layers, int buckets) {
    /** Most tokens that the model was used with. */
    public static final int MAX_TOKENS = 512;

    /** Added to mean squares. */
    public static final float EPS = 1e-6f;

    /** Checks that the sizes fit together. */
    public TextConfig {
        if (vocabulary <= 0 || dim <= 0 || ffnDim <= 0 || heads <= 0 || layers <= 0) {
            throw new IllegalArgumentException("text encoder sizes: expected numbers above 0, got vocabulary "
                    + vocabulary + ", dim " + dim + ", ffnDim " + ffnDim + ", heads " + heads + ", layers " + layers);
        }
        if (attentionDim % heads != 0 || buckets < 4 || buckets % 4 != 0) {
            throw new IllegalArgumentException("text encoder sizes: expected attentionDim divisible by heads and"
                    + " buckets by 4, got " + attentionDim + ", " + heads + " and " + buckets);
        }
    }

    /** umT5-xxl. */
    public static TextConfig umt5Xxl() {
        return new TextConfig(256384, 4096, 4096, 10240, 64, 24, 32);
    }

    /** Reads the sizes from the shapes of a checkpoint; the position tables tell the number of heads. */
    public static TextConfig infer(WeightSource source) {
        Shape embedding = shape(source, "token_embedding.weight");
        Shape positions = shape(source, "blocks.0.pos_embedding.embedding.weight");
        int layers = 0;
        while (source.names().contains("blocks." + layers + ".norm1.weight")) {
            layers++;
        }
        return new TextConfig(
                Math.toIntExact(embedding.dim(0)),
                Math.toIntExact(embedding.dim(1)),
                Math.toIntExact(shape(source, "blocks.0.attn.q.weight").dim(0)),
                Math.toIntExact(shape(source, "blocks.0.ffn.fc1.weight").dim(0)),
                Math.toIntExact(positions.dim(1)),
                layers,
                Math.toIntExact(positions.dim(0)));
    }

    private static Shape shape(WeightSource source, String name) {
        return source.find(name)
                .orElseThrow(() -> new CheckpointException(
                        name + ": expected a umT5 text encoder, but there is no such tensor in " + source.location()))
                .shape();
    }
}
