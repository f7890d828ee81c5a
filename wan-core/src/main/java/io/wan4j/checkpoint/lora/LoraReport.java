package io.wan4j.checkpoint.lora;

import java.nio.file.Path;
import java.util.List;

/**
 * What a LoRA file changes of a checkpoint.
 *
 * @param file the file
 * @param matched canonical names of the tensors that it changes, sorted
 * @param unmatched keys of the file that change nothing: layers that the checkpoint lacks, keys without a partner
 */
public record LoraReport(Path file, List<String> matched, List<String> unmatched) {
    /** Copies the lists. */
    public LoraReport {
        matched = List.copyOf(matched);
        unmatched = List.copyOf(unmatched);
    }

    /**
     * How much a LoRA changes one tensor.
     *
     * @param tensor canonical name
     * @param ratio norm of the change, at the LoRA's strength, over norm of the tensor (Frobenius)
     */
    public record Magnitude(String tensor, double ratio) {}

    /** One line for logs. */
    public String summary() {
        return file + ": changes " + matched.size() + " tensors"
                + (unmatched.isEmpty() ? "" : ", " + unmatched.size() + " keys match nothing: " + shortened());
    }

    private String shortened() {
        int shown = Math.min(unmatched.size(), 20);
        return String.join(", ", unmatched.subList(0, shown)) + (shown < unmatched.size() ? ", ..." : "");
    }
}
