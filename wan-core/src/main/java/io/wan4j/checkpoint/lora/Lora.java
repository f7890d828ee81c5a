package io.wan4j.checkpoint.lora;

import java.nio.file.Path;

/**
 * A LoRA file and how strongly it acts.
 *
 * @param file safetensors or {@code .pth}
 * @param strength factor on everything that the file adds
 */
public record Lora(Path file, Strength strength) {
    /** A LoRA at the strength it was trained with. */
    public static Lora of(Path file) {
        return new Lora(file, Strength.ONE);
    }

    /** A LoRA with the same strength in all steps. */
    public static Lora of(Path file, float strength) {
        return new Lora(file, Strength.of(strength));
    }
}
