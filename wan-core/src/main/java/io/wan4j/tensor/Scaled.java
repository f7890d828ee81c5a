package io.wan4j.tensor;

import io.wan4j.error.ShapeException;

/**
 * A weight in 8-bit codes: {@code value[o][i] = codes[o][i] * scale[o]}.
 *
 * @param codes F8_E4M3 or I8 of shape [out, in]; its storage may be packed in the order of the backend
 * @param scale F32 of shape [out], or [1] for one scale for the whole tensor
 * @param activations how the activations of this layer are treated
 */
public record Scaled(Tensor codes, Tensor scale, ActivationMode activations) implements Weight {
    /** Checks formats and the number of scales. */
    public Scaled {
        long scales = scale.shape().count();
        if (!codes.format().isCode()
                || scale.format() != Format.F32
                || (scales != 1 && scales != codes.shape().dim(0))) {
            throw new ShapeException("scaled weight: expected F8_E4M3 or I8 codes with 1 or "
                    + codes.shape().dim(0) + " F32 scales, got " + codes + " with " + scale);
        }
    }

    @Override
    public Shape shape() {
        return codes.shape();
    }

    @Override
    public long bytes() {
        return codes.storage().bytes() + scale.storage().bytes();
    }
}
