package io.wan4j.spi;

import io.wan4j.tensor.Tensor;

/**
 * Rotary position embedding of interleaved pairs: {@code (a, b) -> (a cos - b sin, a sin + b cos)} for the elements
 * {@code 2i, 2i+1} of every head.
 *
 * @param table F32 [L, head_dim / 2, 2]: cosine and sine of each row's and pair's angle, computed in FP64
 * @param heads number of heads
 */
public record Rope(Tensor table, int heads) {}
