package io.wan4j.model.dit;

import io.wan4j.tensor.Tensor;

/**
 * How the timestep steers one sub-layer: {@code x += gate * f(LN(x) * (1 + scale) + shift)}.
 *
 * @param shift F32 [dim]
 * @param scale F32 [dim]
 * @param gate F32 [dim]
 */
record Modulation(Tensor shift, Tensor scale, Tensor gate) {
    /** Rows {@code first .. first + 2} of a block's modulation. */
    static Modulation of(Tensor rows, int first) {
        return new Modulation(rows.entry(first), rows.entry(first + 1), rows.entry(first + 2));
    }
}
