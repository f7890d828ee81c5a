package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.ConcatenatedBytes;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The vision tower as Hugging Face's {@code CLIPVisionModel} names it: q, k and v apart (canonical: one fused layer),
 * the class and position embeddings without leading ones. Used by diffusers and ComfyUI.
 */
final class HuggingFaceVision implements Layout {
    private static final String CLASS = "vision_model.embeddings.class_embedding";
    private static final String POSITION = "vision_model.embeddings.position_embedding.weight";
    private static final List<String> PROJECTIONS = List.of("q_proj", "k_proj", "v_proj");
    /** Buffers and heads that the vision tower does not use. */
    private static final Set<String> UNUSED =
            Set.of("vision_model.embeddings.position_ids", "visual_projection.weight", "logit_scale");

    private static final NameTable NAMES = NameTable.of("""
            visual.patch_embedding = vision_model.embeddings.patch_embedding
            visual.pre_norm = vision_model.pre_layrnorm
            visual.transformer.*.norm1 = vision_model.encoder.layers.*.layer_norm1
            visual.transformer.*.norm2 = vision_model.encoder.layers.*.layer_norm2
            visual.transformer.*.attn.proj = vision_model.encoder.layers.*.self_attn.out_proj
            visual.transformer.*.attn.to_qkv = vision_model.encoder.layers.*.self_attn.q_proj
            visual.transformer.*.mlp.0 = vision_model.encoder.layers.*.mlp.fc1
            visual.transformer.*.mlp.2 = vision_model.encoder.layers.*.mlp.fc2
            visual.post_norm = vision_model.post_layernorm
            """);

    @Override
    public String title() {
        return "Hugging Face CLIP vision";
    }

    @Override
    public Component component() {
        return Component.IMAGE_ENCODER;
    }

    @Override
    public boolean recognises(Set<String> names) {
        return names.containsAll(List.of(CLASS, "vision_model.encoder.layers.0.self_attn.q_proj.weight"));
    }

    @Override
    public Map<String, CheckpointTensor> toCanonical(Map<String, CheckpointTensor> stored) {
        Map<String, CheckpointTensor> canonical = new LinkedHashMap<>();
        stored.forEach((name, tensor) -> {
            if (name.equals(CLASS)) {
                RenamedLayout.putOnce(canonical, withLeadingOnes(tensor, "visual.cls_embedding"));
            } else if (name.equals(POSITION)) {
                RenamedLayout.putOnce(canonical, withLeadingOnes(tensor, "visual.pos_embedding"));
            } else if (name.contains(".self_attn.q_proj.")) {
                RenamedLayout.putOnce(canonical, fused(stored, name));
            } else if (!name.contains(".self_attn.k_proj.")
                    && !name.contains(".self_attn.v_proj.")
                    && !UNUSED.contains(name)) {
                RenamedLayout.putOnce(canonical, tensor.named(NAMES.canonical(name)));
            }
        });
        return canonical;
    }

    @Override
    public Map<String, CheckpointTensor> fromCanonical(Map<String, CheckpointTensor> canonical) {
        Map<String, CheckpointTensor> stored = new LinkedHashMap<>();
        canonical.forEach((name, tensor) -> {
            if (name.equals("visual.cls_embedding")) {
                RenamedLayout.putOnce(
                        stored, tensor.reshaped(CLASS, Shape.of(tensor.shape().columns())));
            } else if (name.equals("visual.pos_embedding")) {
                Shape shape = Shape.of(tensor.shape().dim(-2), tensor.shape().columns());
                RenamedLayout.putOnce(stored, tensor.reshaped(POSITION, shape));
            } else if (name.contains(".attn.to_qkv.")) {
                split(tensor).forEach(part -> RenamedLayout.putOnce(stored, part));
            } else if (name.startsWith("visual.") && !name.equals("visual.head")) {
                RenamedLayout.putOnce(stored, tensor.named(NAMES.stored(name)));
            }
        });
        return stored;
    }

    private static CheckpointTensor withLeadingOnes(CheckpointTensor tensor, String name) {
        long columns = tensor.shape().columns();
        return tensor.reshaped(name, Shape.of(1, tensor.shape().rows(), columns));
    }

    private static CheckpointTensor fused(Map<String, CheckpointTensor> stored, String queryName) {
        List<CheckpointTensor> parts = PROJECTIONS.stream()
                .map(projection -> {
                    String name = queryName.replace("q_proj", projection);
                    CheckpointTensor part = stored.get(name);
                    CheckpointTensor query = stored.get(queryName);
                    if (part == null
                            || query == null
                            || !part.shape().equals(query.shape())
                            || part.format() != query.format()) {
                        throw new CheckpointException(name + ": expected shape and format of " + queryName + ", got "
                                + (part == null ? "nothing" : part));
                    }
                    return part;
                })
                .toList();
        CheckpointTensor query = parts.get(0);
        if (query.shape().count() == 1) {
            if (parts.stream().anyMatch(part -> !part.map().equals(query.map()))) {
                throw new CheckpointException(
                        queryName + ": expected a scale per row, or the same one for q, k and v, which are joined, got"
                                + " different ones in " + query.location());
            }
            return query.named(NAMES.canonical(queryName));
        }
        Shape shape = query.shape().withFirst(3 * query.shape().dim(0));
        return new CheckpointTensor(NAMES.canonical(queryName), shape, query.format(), new ConcatenatedBytes(parts));
    }

    private static List<CheckpointTensor> split(CheckpointTensor fused) {
        String queryName = NAMES.stored(fused.name());
        if (fused.shape().count() == 1) {
            return PROJECTIONS.stream()
                    .map(projection -> fused.named(queryName.replace("q_proj", projection)))
                    .toList();
        }
        long rows = fused.shape().dim(0) / 3;
        return List.of(
                fused.rows(queryName, 0, rows),
                fused.rows(queryName.replace("q_proj", "k_proj"), rows, 2 * rows),
                fused.rows(queryName.replace("q_proj", "v_proj"), 2 * rows, 3 * rows));
    }
}
