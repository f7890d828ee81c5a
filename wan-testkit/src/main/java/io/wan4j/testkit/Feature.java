package io.wan4j.testkit;

/**
 * What a backend may lack, if it says so. What it lacks must be refused with an {@link
 * io.wan4j.error.UnsupportedException}.
 */
public enum Feature {
    /** Dense weights in F16. */
    WEIGHTS_F16,
    /** Dense weights in F8_E4M3, without scale. */
    WEIGHTS_F8,
    /** I8 weights with dynamically quantised input. */
    W8A8_I8,
    /** F8_E4M3 weights with dynamically quantised input. */
    W8A8_F8,
    /** I8 weights, input as it is. */
    W8A16_I8,
    /** F8_E4M3 weights, input as it is. */
    W8A16_F8,
    /** Low-rank side branches. */
    ADAPTERS,
    /** Results as I8 codes with row scales. */
    RESULTS_I8,
    /** Results as F8_E4M3 codes with row scales. */
    RESULTS_F8,
    /** Relative position bias in attention. */
    RELATIVE_BIAS,
    /** F16 weights of convolutions. */
    CONVOLUTION_F16
}
