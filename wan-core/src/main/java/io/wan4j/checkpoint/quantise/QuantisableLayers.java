package io.wan4j.checkpoint.quantise;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.tensor.Shape;
import java.util.Set;

/**
 * Which weights a release quantises: the 2-D ones of attention and feed-forward inside the blocks. Everything else stays
 * as it is. Source: LightX2V {@code tools/convert}, {@code wan_dit}, {@code wan_t5} and {@code wan_clip}.
 */
public final class QuantisableLayers {
    private QuantisableLayers() {}

    /** Whether the tensor of this canonical name and shape is one that 8-bit releases quantise. */
    public static boolean contains(Component component, String name, Shape shape) {
        if (shape.rank() != 2 || !name.endsWith(".weight")) {
            return false;
        }
        String[] parts = name.split("\\.");
        return switch (component) {
            case TRANSFORMER ->
                part(parts, 0, Set.of("blocks")) && part(parts, 2, Set.of("self_attn", "cross_attn", "ffn"));
            case TEXT_ENCODER -> part(parts, 0, Set.of("blocks")) && part(parts, 2, Set.of("attn", "ffn"));
            case IMAGE_ENCODER -> part(parts, 0, Set.of("visual")) && part(parts, 3, Set.of("attn", "mlp"));
            case VAE -> false;
        };
    }

    private static boolean part(String[] parts, int index, Set<String> wanted) {
        return parts.length > index && wanted.contains(parts[index]);
    }
}
