package io.wan4j.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.FileDigest;
import io.wan4j.checkpoint.gguf.GgufFile;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.Distillation;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.TransformerKind;
import io.wan4j.checkpoint.lora.LoraFile;
import io.wan4j.quant.LoraChange;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a component or a LoRA file is, for people and as JSON. */
sealed interface ModelSummary {
    /** Prints it. */
    void print(PrintWriter out);

    /**
     * One component.
     *
     * @param parts bytes by group of tensors, such as {@code blocks}
     * @param notes what names and metadata say
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
            @JsonProperty("notes") List<String> notes,
            @JsonProperty("fingerprint") String fingerprint)
            implements ModelSummary {
        /** What is known from names and metadata alone, or is not what the tensors seem. */
        private static List<String> notes(ModelPart part) {
            List<String> notes = new ArrayList<>();
            if (part.component() == Component.TRANSFORMER) {
                part.resolutionHint().ifPresent(hint -> notes.add("made for " + hint + ", by its name"));
                Distillation distillation = part.distillation();
                if (distillation.kind() != Distillation.Kind.UNKNOWN) {
                    notes.add(distillation.kind().name().toLowerCase(Locale.ROOT) + ", by \"" + distillation.evidence()
                            + "\"");
                }
            }
            String blocks = part.metadata().get(GgufFile.TYPES);
            if (blocks != null) {
                notes.add("in the file: " + blocks + "; block formats become F16 when they are read");
            }
            part.sentencePiece().ifPresent(bytes -> notes.add("holds a tokenizer of " + bytes.length + " bytes"));
            return notes;
        }

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
                    notes(part),
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
            notes.forEach(note -> out.println("  " + note));
            out.println("  fingerprint " + fingerprint);
        }

        private static String megabytes(Map<String, Long> sizes) {
            return sizes.entrySet().stream()
                    .map(entry ->
                            String.format(Locale.ROOT, "%s %,.1f MiB", entry.getKey(), entry.getValue() / 1048576.0))
                    .collect(Collectors.joining(", "));
        }
    }

    /**
     * A LoRA file.
     *
     * @param match what it changes of a model, if one was given
     */
    record LoraSummary(
            @JsonProperty("lora") String location,
            @JsonProperty("pairs") int pairs,
            @JsonProperty("differences") int differences,
            @JsonProperty("ranks") Set<Long> ranks,
            @JsonProperty("targets") Set<String> targets,
            @JsonProperty("unused") Set<String> unused,

            @JsonProperty("match") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            LoraChange match,

            @JsonProperty("fingerprint") String fingerprint)
            implements ModelSummary {
        static LoraSummary of(Path path, Optional<LoraChange> match) {
            try (LoraFile file = LoraFile.open(path)) {
                return new LoraSummary(
                        path.toString(),
                        file.pairs(),
                        file.differences(),
                        file.ranks(),
                        targets(file.layers()),
                        new TreeSet<>(file.unused()),
                        match.orElse(null),
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
            if (match != null) {
                out.println("  " + match.summary());
                match.change()
                        .forEach((tensor, ratio) ->
                                out.printf(Locale.ROOT, "  %-44s %.2e of its norm%n", tensor, ratio));
            }
            out.println("  fingerprint " + fingerprint);
        }
    }
}
