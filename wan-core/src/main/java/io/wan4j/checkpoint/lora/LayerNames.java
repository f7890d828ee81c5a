package io.wan4j.checkpoint.lora;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.Layout;
import io.wan4j.checkpoint.layout.Layouts;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the canonical tensor that a LoRA's name means: canonical names, diffusers' names, and kohya's underscores. */
final class LayerNames {
    private static final List<String> KOHYA = List.of("lora_unet_", "lora_transformer_", "lora_");

    private final Set<String> names;
    private final Map<String, String> underscored = new HashMap<>();
    private final Map<String, String> diffusersUnderscored = new HashMap<>();

    /** Names of a checkpoint's tensors. */
    LayerNames(Set<String> names) {
        this.names = names;
        names.forEach(name -> underscored.put(name.replace('.', '_'), name));
    }

    /** The name of a layer's parameter, if the checkpoint has it. */
    Optional<String> find(LoraPart part) {
        String name = part.layer() + "." + part.parameter();
        if (names.contains(name)) {
            return Optional.of(name);
        }
        for (String prefix : KOHYA) {
            if (name.startsWith(prefix)) {
                String flat = name.substring(prefix.length()).replace('.', '_');
                return Optional.ofNullable(underscored.get(flat)).or(() -> flatDiffusers(flat));
            }
        }
        return Optional.of(canonical(name)).filter(names::contains);
    }

    private Optional<String> flatDiffusers(String flat) {
        if (diffusersUnderscored.isEmpty()) {
            names.forEach(name -> diffusers()
                    .fromCanonical(Map.of(name, empty(name)))
                    .keySet()
                    .forEach(stored -> diffusersUnderscored.put(stored.replace('.', '_'), name)));
        }
        return Optional.ofNullable(diffusersUnderscored.get(flat));
    }

    private static String canonical(String diffusersName) {
        return diffusers().toCanonical(Map.of(diffusersName, empty(diffusersName))).keySet().stream()
                .findFirst()
                .orElse(diffusersName);
    }

    private static Layout diffusers() {
        return Layouts.DIFFUSERS.stream()
                .filter(layout -> layout.component() == Component.TRANSFORMER)
                .findFirst()
                .orElseThrow();
    }

    private static CheckpointTensor empty(String name) {
        return new CheckpointTensor(name, Shape.of(0), Format.F32, new HeapBytes(new byte[0], Path.of(name)));
    }
}
