package io.wan4j.quant;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.wan4j.checkpoint.lora.LoraReport;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a merged LoRA changed.
 *
 * @param file the LoRA
 * @param change norm of the change over norm of the tensor, by canonical name of every tensor that it changed
 * @param unmatched keys of the file that changed nothing
 */
public record LoraChange(
        @JsonProperty("file") String file,
        @JsonProperty("change") Map<String, Double> change,
        @JsonProperty("unmatched") List<String> unmatched) {
    /** Copies list and map. */
    public LoraChange {
        change = new TreeMap<>(change);
        unmatched = List.copyOf(unmatched);
    }

    /** A report with its magnitudes. */
    public static LoraChange of(LoraReport report, List<LoraReport.Magnitude> magnitudes) {
        Map<String, Double> change = new TreeMap<>();
        magnitudes.forEach(magnitude -> change.put(magnitude.tensor(), magnitude.ratio()));
        return new LoraChange(report.file().toString(), change, report.unmatched());
    }

    /** In one line. */
    public String summary() {
        String most = change.entrySet().stream()
                .max(Comparator.comparingDouble(Map.Entry::getValue))
                .map(entry -> String.format(
                        Locale.ROOT, ", most of all %s by %.2e of its norm", entry.getKey(), entry.getValue()))
                .orElse("");
        return file + " changes " + change.size() + " tensors" + most
                + (unmatched.isEmpty()
                        ? ""
                        : "; " + unmatched.size() + " keys match nothing: " + String.join(", ", unmatched));
    }
}
