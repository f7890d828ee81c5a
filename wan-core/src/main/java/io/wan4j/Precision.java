package io.wan4j;

/** In what a model is computed. */
public enum Precision {
    /** Weights as the checkpoint stores them, activations as the device prefers. */
    AS_STORED,
    /** Activations in F32, weights as stored. */
    F32,
    /** Activations in BF16, weights as stored. */
    BF16,
    /** The transformer's linear weights in INT8, quantised when they are loaded unless they are stored so. */
    INT8,
    /** The transformer's linear weights in FP8 (E4M3), quantised when they are loaded unless they are stored so. */
    FP8
}
