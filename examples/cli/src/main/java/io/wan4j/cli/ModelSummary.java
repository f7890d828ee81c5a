package io.wan4j.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.FileDigest;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.TransformerKind;
import io.wan4j.checkpoint.lora.LoraFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a component or a LoRA file is, for people and as JSON. */
sealed interface ModelSummary {
    /** Prints it. */
    void print(PrintWriter out);

    /**
     * One component.
     *
     * @param parts bytes by group of tensors, such as {@code blocks}
     */
    record Part(
            @JsonProperty("component") String component,
            @JsonProperty("kind") String kind,
            @JsonProperty("location") String location,
            @JsonProperty("layout") String layout,
            @JsonProperty("quantisation") String quantisation,
            @JsonProperty("tensors") int tensors,
            @JsonProperty("values") long values,
            @JsonProperty("bytes") long bytes,
            @JsonProperty("formats") Map<String, Long> formats,
            @JsonProperty("parts") Map<String, Long> parts,
            @JsonProperty("fingerprint") String fingerprint)
            implements ModelSummary {
        static Part of(ModelPart part) {
            Map<String, CheckpointTensor> tensors = part.tensors();
            return new Part(
                    part.component().title(),
                    part.transformer().map(TransformerKind::describe).orElse(""),
                    part.location().toString(),
                    part.layout(),
                    part.quantisation().title(),
                    tensors.size(),
                    tensors.values().stream().mapToLong(t -> t.shape().count()).sum(),
                    tensors.values().stream().mapToLong(CheckpointTensor::bytes).sum(),
                    bytesBy(tensors, tensor -> tensor.format().name()),
                    bytesBy(tensors, tensor -> tensor.name().split("\\.")[0]),
                    FileDigest.of(part.files()));
        }

        private static Map<String, Long> bytesBy(
                Map<String, CheckpointTensor> tensors, java.util.function.Function<CheckpointTensor, String> key) {
            return tensors.values().stream()
                    .collect(Collectors.groupingBy(key, TreeMap::new, Collectors.summingLong(CheckpointTensor::bytes)));
        }

        @Override
        public void print(PrintWriter out) {
            out.printf(Locale.ROOT, "%s: %s%n", component, location);
            if (!kind.isEmpty()) {
                out.println("  " + kind);
            }
            out.println("  layout " + layout + ", " + quantisation);
            out.printf(Locale.ROOT, "  %,d tensors, %,d values, %,d MiB%n", tensors, values, bytes >> 20);
            out.println("  by format: " + megabytes(formats));
            out.println("  by part:   " + megabytes(parts));
            out.println("  fingerprint " + fingerprint);
        }

        private static String megabytes(Map<String, Long> sizes) {
            return sizes.entrySet().stream()
                    .map(entry ->
                            String.format(Locale.ROOT, "%s %,.1f MiB", entry.getKey(), entry.getValue() / 1048576.0))
                    .collect(Collectors.joining(", "));
        }
    }

    /** A LoRA file. */
    record LoraSummary(
            @JsonProperty("lora") String location,
            @JsonProperty("pairs") int pairs,
            @JsonProperty("differences") int differences,
            @JsonProperty("ranks") Set<Long> ranks,
            @JsonProperty("targets") Set<String> targets,
            @JsonProperty("unused") Set<String> unused,
            @JsonProperty("fingerprint") String fingerprint)
            implements ModelSummary {
        static LoraSummary of(Path path) {
            try (LoraFile file = LoraFile.open(path)) {
                return new LoraSummary(
                        path.toString(),
                        file.pairs(),
                        file.differences(),
                        file.ranks(),
                        targets(file.layers()),
                        new TreeSet<>(file.unused()),
                        FileDigest.of(List.of(path)));
            }
        }

        /** Layers with the numbers of blocks taken out. */
        private static Set<String> targets(Set<String> layers) {
            return layers.stream()
                    .map(layer -> layer.replaceAll("blocks([._])\\d+([._])", "blocks$1*$2"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        @Override
        public void print(PrintWriter out) {
            out.println("LoRA: " + location);
            out.println("  " + pairs + " pairs of rank " + ranks + ", " + differences + " differences");
            out.println("  targets: " + String.join(", ", targets));
            if (!unused.isEmpty()) {
                out.println("  keys without partner or of an unknown kind: " + String.join(", ", unused));
            }
            out.println("  fingerprint " + fingerprint);
        }
    }
}
