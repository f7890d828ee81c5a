package io.wan4j.checkpoint.lora;

import java.util.List;

/**
 * How a trainer names the two matrices of a layer.
 *
 * @param up suffix of B, [out, rank]
 * @param down suffix of A, [rank, in]
 */
record KeyStyle(String up, String down) {
    /** All known ones; a suffix that ends with another one stands before it. */
    static final List<KeyStyle> ALL = List.of(
            new KeyStyle(".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight"),
            new KeyStyle("_lora.up.weight", "_lora.down.weight"),
            new KeyStyle(".lora.up.weight", ".lora.down.weight"),
            new KeyStyle(".lora_up.weight", ".lora_down.weight"),
            new KeyStyle(".lora_B.default.weight", ".lora_A.default.weight"),
            new KeyStyle(".lora_B.weight", ".lora_A.weight"),
            new KeyStyle(".lora_B", ".lora_A"));
}
