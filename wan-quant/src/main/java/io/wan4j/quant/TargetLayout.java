package io.wan4j.quant;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.Layout;
import io.wan4j.checkpoint.layout.Layouts;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How a conversion names tensors and, for a whole model, files. */
public enum TargetLayout {
    /** The original release's names; LightX2V's too. */
    OFFICIAL(Map.of(
            Component.TRANSFORMER, "diffusion_pytorch_model",
            Component.TEXT_ENCODER, "models_t5_umt5-xxl-enc-bf16",
            Component.IMAGE_ENCODER, "models_clip_open-clip-xlm-roberta-large-vit-huge-14",
            Component.VAE, "Wan2.1_VAE")),
    /** Diffusers' and Hugging Face's names. */
    DIFFUSERS(Map.of(
            Component.TRANSFORMER, "transformer/diffusion_pytorch_model",
            Component.TEXT_ENCODER, "text_encoder/model",
            Component.IMAGE_ENCODER, "image_encoder/model",
            Component.VAE, "vae/diffusion_pytorch_model")),
    /** ComfyUI's split files: original names for transformer and VAE, Hugging Face's for the encoders. */
    COMFYUI(Map.of(
            Component.TRANSFORMER, "diffusion_models/wan2.1_i2v",
            Component.TEXT_ENCODER, "text_encoders/umt5_xxl",
            Component.IMAGE_ENCODER, "clip_vision/clip_vision_h",
            Component.VAE, "vae/wan_2.1_vae"));

    private static final String SCALE = ".weight_scale";

    private final Map<Component, String> stems;

    TargetLayout(Map<Component, String> stems) {
        this.stems = stems;
    }

    /** Path of a component in the folder of a whole model, without extension. */
    public String stem(Component component) {
        String stem = stems.get(component);
        if (stem == null) {
            throw new IllegalStateException("no file name for " + component);
        }
        return stem;
    }

    /** Tensors under the names of this layout. */
    Map<String, CheckpointTensor> name(Component component, Map<String, CheckpointTensor> canonical) {
        Map<String, CheckpointTensor> named = layout(component).fromCanonical(canonical);
        return this == COMFYUI ? comfy(named) : named;
    }

    private Layout layout(Component component) {
        boolean original = this == OFFICIAL
                || this == COMFYUI && (component == Component.TRANSFORMER || component == Component.VAE);
        List<Layout> known = original ? Layouts.OFFICIAL : Layouts.DIFFUSERS;
        return known.stream()
                .filter(layout -> layout.component() == component)
                .findFirst()
                .orElseThrow();
    }

    /** ComfyUI's suffix for scales, and its marker of scaled files. */
    private static Map<String, CheckpointTensor> comfy(Map<String, CheckpointTensor> named) {
        Map<String, CheckpointTensor> tensors = new LinkedHashMap<>();
        boolean scaled = false;
        for (CheckpointTensor tensor : named.values()) {
            CheckpointTensor renamed = tensor;
            if (tensor.name().endsWith(SCALE)) {
                String layer = tensor.name().substring(0, tensor.name().length() - SCALE.length());
                boolean scalar = tensor.shape().count() == 1;
                scaled |= scalar;
                renamed = scalar ? tensor.reshaped(layer + ".scale_weight", Shape.of()) : tensor;
            }
            tensors.put(renamed.name(), renamed);
        }
        if (scaled) {
            tensors.put(
                    "scaled_fp8",
                    new CheckpointTensor(
                            "scaled_fp8", Shape.of(2), Format.F8_E4M3, new HeapBytes(new byte[2], Path.of("marker"))));
        }
        return tensors;
    }
}
