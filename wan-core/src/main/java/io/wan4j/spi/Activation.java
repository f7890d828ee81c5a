package io.wan4j.spi;

/** Pointwise non-linearities. */
public enum Activation {
    /** y = x. */
    IDENTITY,
    /** y = x / (1 + exp(-x)). */
    SILU,
    /** y = x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))). */
    GELU_TANH,
    /** y = x/2 * (1 + erf(x / sqrt(2))). */
    GELU_ERF
}
