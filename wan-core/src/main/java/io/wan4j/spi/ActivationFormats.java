package io.wan4j.spi;

import io.wan4j.tensor.Format;

/**
 * The formats in which activations travel.
 *
 * @param compute between the operations of a sub-layer: F32 or BF16
 * @param residual of the residual stream: what the blocks of a model add to
 */
public record ActivationFormats(Format compute, Format residual) {
    /** F32 throughout. */
    public static final ActivationFormats F32 = new ActivationFormats(Format.F32, Format.F32);

    /** BF16 between operations, F32 residual stream. */
    public static final ActivationFormats BF16 = new ActivationFormats(Format.BF16, Format.F32);
}
