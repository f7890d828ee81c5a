package io.wan4j.ops;

import io.wan4j.tensor.Tensor;

/**
 * Parameters of a LayerNorm.
 *
 * @param weight F32 [C]
 * @param bias F32 [C]
 * @param eps added to the variance
 */
public record Norm(Tensor weight, Tensor bias, float eps) {}
