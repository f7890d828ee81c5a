package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.TensorFiles;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What ComfyUI adds around the names of a layout: a prefix, the suffix {@code .scale_weight} for scales, markers, and
 * the tokenizer inside the text encoder's file. Other releases pass through unchanged.
 *
 * @param tensors without prefix, scales as {@code .weight_scale}, without markers
 * @param comfy whether any of this was found
 * @param sentencePiece the tokenizer model, if it is inside
 */
record Packaging(Map<String, CheckpointTensor> tensors, boolean comfy, Optional<CheckpointTensor> sentencePiece) {
    private static final List<String> PREFIXES = List.of("model.diffusion_model.", "diffusion_model.");
    private static final String SENTENCE_PIECE = "spiece_model";
    /** Markers and activation scales, which a reader of weights does not need. */
    private static final List<String> MARKERS = List.of("scaled_fp8", ".scale_input", ".input_scale", ".comfy_quant");

    private static final String SCALE = ".scale_weight";

    /** Takes the packaging off the tensors of these files. */
    static Packaging unwrap(TensorFiles files) {
        String prefix = prefix(files);
        Map<String, CheckpointTensor> tensors = new LinkedHashMap<>();
        boolean comfy = !prefix.isEmpty();
        for (String name : files.names()) {
            String bare = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
            boolean scale = bare.endsWith(SCALE);
            boolean marker = MARKERS.stream().anyMatch(bare::endsWith) || bare.equals(SENTENCE_PIECE);
            comfy |= scale || marker;
            if (!marker) {
                String canonical = scale ? bare.substring(0, bare.length() - SCALE.length()) + ".weight_scale" : bare;
                RenamedLayout.putOnce(tensors, files.tensor(name).named(canonical));
            }
        }
        return new Packaging(tensors, comfy, files.find(SENTENCE_PIECE));
    }

    private static String prefix(TensorFiles files) {
        return PREFIXES.stream()
                .filter(prefix -> files.names().stream().anyMatch(name -> name.startsWith(prefix)))
                .findFirst()
                .orElse("");
    }
}
