package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import java.util.Collection;
import java.util.Map;

/** How the linear weights of a checkpoint are stored. */
public enum Quantisation {
    /** In F32, F16 or BF16. */
    NONE("not quantised", ActivationMode.UNQUANTISED),
    /** E4M3 codes with a scale per output row: LightX2V. Meant to run with 8-bit activations. */
    FP8_ROWS("FP8 with a scale per row", ActivationMode.DYNAMIC_8BIT),
    /** Signed 8-bit codes with a scale per output row: LightX2V. Meant to run with 8-bit activations. */
    INT8_ROWS("INT8 with a scale per row", ActivationMode.DYNAMIC_8BIT),
    /** E4M3 codes with a scale per tensor: ComfyUI's scaled files. Meant to run with unquantised activations. */
    FP8_TENSOR("FP8 with a scale per tensor", ActivationMode.UNQUANTISED),
    /** Values rounded to E4M3 or E5M2 without any scale; loses more than the scaled kinds do. */
    FP8_PLAIN("FP8 without scales", ActivationMode.UNQUANTISED);

    private final String title;
    private final ActivationMode activations;

    Quantisation(String title, ActivationMode activations) {
        this.title = title;
        this.activations = activations;
    }

    /** What to call it in a message. */
    public String title() {
        return title;
    }

    /** What the release that uses this scheme does with a layer's input. */
    public ActivationMode activations() {
        return activations;
    }

    /** The scheme of tensors with canonical names. */
    static Quantisation of(Map<String, CheckpointTensor> tensors) {
        for (CheckpointTensor tensor : tensors.values()) {
            if (tensor.name().endsWith(".weight_scale")) {
                String weight = tensor.name().replace(".weight_scale", ".weight");
                CheckpointTensor codes = tensors.get(weight);
                if (codes != null && codes.format() == Format.I8) {
                    return INT8_ROWS;
                }
                return tensor.shape().count() == 1 ? FP8_TENSOR : FP8_ROWS;
            }
        }
        return anyFp8(tensors.values()) ? FP8_PLAIN : NONE;
    }

    private static boolean anyFp8(Collection<CheckpointTensor> tensors) {
        return tensors.stream().anyMatch(t -> t.format() == Format.F8_E4M3 || t.format() == Format.F8_E5M2);
    }
}
