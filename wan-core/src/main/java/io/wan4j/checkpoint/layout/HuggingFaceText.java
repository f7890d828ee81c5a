package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The text encoder as Hugging Face's {@code UMT5EncoderModel} names it. Files may hold the embedding twice, under both
 * of its tied names; one is enough. Used by diffusers and ComfyUI.
 */
final class HuggingFaceText implements Layout {
    private static final String SHARED = "shared.weight";
    private static final String TIED = "encoder.embed_tokens.weight";
    private static final String QUERY = "encoder.block.0.layer.0.SelfAttention.q.weight";

    private static final String FINAL_NORM = "encoder.final_layer_norm.weight";

    private static final NameTable NAMES = NameTable.of("""
            token_embedding = shared
            blocks.*.norm1 = encoder.block.*.layer.0.layer_norm
            blocks.*.attn.q = encoder.block.*.layer.0.SelfAttention.q
            blocks.*.attn.k = encoder.block.*.layer.0.SelfAttention.k
            blocks.*.attn.v = encoder.block.*.layer.0.SelfAttention.v
            blocks.*.attn.o = encoder.block.*.layer.0.SelfAttention.o
            blocks.*.pos_embedding.embedding = encoder.block.*.layer.0.SelfAttention.relative_attention_bias
            blocks.*.norm2 = encoder.block.*.layer.1.layer_norm
            blocks.*.ffn.gate.0 = encoder.block.*.layer.1.DenseReluDense.wi_0
            blocks.*.ffn.fc1 = encoder.block.*.layer.1.DenseReluDense.wi_1
            blocks.*.ffn.fc2 = encoder.block.*.layer.1.DenseReluDense.wo
            norm = encoder.final_layer_norm
            """);

    @Override
    public String title() {
        return "Hugging Face umT5";
    }

    @Override
    public Component component() {
        return Component.TEXT_ENCODER;
    }

    @Override
    public boolean recognises(Set<String> names) {
        return names.contains(QUERY) && names.contains(FINAL_NORM) && (names.contains(SHARED) || names.contains(TIED));
    }

    @Override
    public Map<String, CheckpointTensor> toCanonical(Map<String, CheckpointTensor> stored) {
        Map<String, CheckpointTensor> untied = new LinkedHashMap<>(stored);
        CheckpointTensor tied = untied.remove(TIED);
        if (tied != null) {
            untied.putIfAbsent(SHARED, tied);
        }
        return RenamedLayout.rename(untied, NAMES::canonical);
    }

    @Override
    public Map<String, CheckpointTensor> fromCanonical(Map<String, CheckpointTensor> canonical) {
        return RenamedLayout.rename(canonical, NAMES::stored);
    }
}
