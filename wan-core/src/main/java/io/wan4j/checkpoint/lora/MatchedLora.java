package io.wan4j.checkpoint.lora;

import io.wan4j.checkpoint.quantise.StoredRows;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A LoRA file whose parts found their tensors.
 *
 * @param file open
 * @param strength of everything in it
 * @param parts by canonical name of the tensor that they change
 * @param report what matched
 */
record MatchedLora(LoraFile file, Strength strength, Map<String, List<LoraPart>> parts, LoraReport report) {
    private static final Logger LOG = LoggerFactory.getLogger(MatchedLora.class);

    /**
     * Finds the tensors of a checkpoint that a file changes.
     *
     * @throws CheckpointException if there are none, or one has another shape
     */
    static MatchedLora of(LoraFile file, Strength strength, WeightSource base) {
        LayerNames names = new LayerNames(base.names());
        Map<String, List<LoraPart>> parts = new LinkedHashMap<>();
        TreeSet<String> unmatched = new TreeSet<>(file.unused());
        for (LoraPart part : file.parts()) {
            Optional<StoredTensor> target = names.find(part).flatMap(base::find);
            if (target.isEmpty()) {
                unmatched.add(part.key());
                continue;
            }
            if (!part.fits(target.get().shape())) {
                throw new CheckpointException(
                        part.key() + ": expected a change of " + target.get().shape() + " for "
                                + target.get().name() + ", got " + part.shape() + " in " + file.path()
                                + "; is this the LoRA of another model size?");
            }
            parts.computeIfAbsent(target.get().name(), key -> new ArrayList<>()).add(part);
        }
        LoraReport report =
                new LoraReport(file.path(), parts.keySet().stream().sorted().toList(), List.copyOf(unmatched));
        if (parts.isEmpty()) {
            throw new CheckpointException(file.path() + ": expected a LoRA for the model in " + base.location()
                    + ", got one of whose " + file.parts().size() + " changes none matches a tensor, such as "
                    + file.parts().get(0).key());
        }
        if (unmatched.isEmpty()) {
            LOG.info("LoRA {}", report.summary());
        } else {
            LOG.warn("LoRA {}", report.summary());
        }
        return new MatchedLora(file, strength, parts, report);
    }

    /** Norm of the change over norm of the tensor, for each tensor. Reads all of them. */
    List<LoraReport.Magnitude> magnitudes(WeightSource base, int step) {
        List<LoraReport.Magnitude> all = new ArrayList<>();
        parts.forEach((name, changes) -> {
            String layer = name.replaceAll("\\.weight$", "");
            StoredTensor tensor = base.find(name).orElseThrow();
            StoredRows rows = name.endsWith(".weight")
                    ? new StoredRows(base.weight(layer, tensor.shape()))
                    : new StoredRows(tensor);
            double change = 0;
            for (LoraPart part : changes) {
                change += Norms.squared(part);
            }
            double ratio = Math.abs(strength.at(step)) * Math.sqrt(change) / Math.sqrt(Norms.squared(rows));
            all.add(new LoraReport.Magnitude(name, ratio));
        });
        return all;
    }
}
