package io.wan4j.checkpoint.lora;

/** Where the low-rank products of a LoRA go. Differences of biases, norms and modulation always join the weights. */
public enum LoraMode {
    /**
     * Into dense weights when they are loaded, which become F32; beside quantised weights as an exact side branch.
     */
    MERGE,
    /** Beside every linear layer as a side branch, so that the weights stay where they are when the LoRAs change. */
    SIDE_BRANCH,
    /** Into all weights, also into 8-bit ones, which are rounded to 8 bit again: fastest, and loses a little. */
    REQUANTISE
}
