package io.wan4j.testkit.synth;

/** Into which files a synthetic transformer goes; names are the original ones in both. */
public enum Packing {
    /** One file. */
    FLAT,
    /** {@code block_0.safetensors} and so on, and {@code non_block.safetensors}: LightX2V's split form. */
    BLOCKS
}
