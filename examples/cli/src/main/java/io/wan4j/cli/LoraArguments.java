package io.wan4j.cli;

import io.wan4j.checkpoint.lora.Lora;
import io.wan4j.checkpoint.lora.Strength;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Option;

/** Options about LoRAs. */
final class LoraArguments {
    @Option(
            names = "--lora",
            paramLabel = "FILE[@STRENGTH]",
            description = "Add a LoRA, for example style.safetensors@0.8; strengths for each step with commas:"
                    + " style.safetensors@1,1,0.5,0. May be given several times.")
    private List<String> loras = new ArrayList<>();

    List<Lora> loras() {
        return loras.stream().map(LoraArguments::parse).toList();
    }

    static Lora parse(String text) {
        int at = text.lastIndexOf('@');
        if (at < 0) {
            return Lora.of(Path.of(text));
        }
        try {
            List<Float> strengths = Arrays.stream(text.substring(at + 1).split(","))
                    .map(Float::valueOf)
                    .toList();
            return new Lora(Path.of(text.substring(0, at)), new Strength(strengths));
        } catch (NumberFormatException unreadable) {
            throw new IllegalArgumentException("--lora: expected FILE or FILE@STRENGTH, got " + text, unreadable);
        }
    }
}
