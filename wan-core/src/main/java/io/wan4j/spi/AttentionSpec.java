package io.wan4j.spi;

import io.wan4j.tensor.Tensor;
import java.util.Optional;

/**
 * How attention is computed.
 *
 * @param heads number of heads; the head dimension is columns / heads
 * @param scale factor on q k^T before the softmax
 * @param bias relative position bias added before the softmax, if any
 */
public record AttentionSpec(int heads, float scale, Optional<RelativeBias> bias) {
    /**
     * Bias by distance: {@code bias(head, i, j) = table[bucket(j - i)][head]}.
     *
     * @param table F32 [distances, heads]: row {@code (j - i) + offset} holds the bias of distance j - i
     * @param offset row of distance 0; distances from {@code -offset} to {@code rows - 1 - offset} are covered
     */
    public record RelativeBias(Tensor table, int offset) {}

    /** Plain scaled dot product attention with scale 1/sqrt(headDim). */
    public static AttentionSpec scaled(int heads, long headDim) {
        return new AttentionSpec(heads, (float) (1.0 / Math.sqrt((double) headDim)), Optional.empty());
    }
}
