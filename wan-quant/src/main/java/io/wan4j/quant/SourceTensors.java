package io.wan4j.quant;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.layout.CheckpointWeights;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.checkpoint.layout.Quantisation;
import io.wan4j.checkpoint.lora.LoraMode;
import io.wan4j.checkpoint.lora.LoraReport;
import io.wan4j.checkpoint.lora.LoraWeights;
import io.wan4j.checkpoint.quantise.DequantisedTensor;
import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The tensors of a component, 8-bit weights as the values that they stand for, LoRAs merged in F32. */
final class SourceTensors implements AutoCloseable {
    private static final String WEIGHT = ".weight";

    private final ModelPart part;
    private final CheckpointWeights stored;
    private final LoraWeights merged;
    private final Set<String> changedByLoras;
    private final @Nullable BalancedWeights balanced;

    SourceTensors(ModelPart part, Conversion.Changes changes) {
        this.part = part;
        this.stored = part.weights();
        this.merged = LoraWeights.open(new Dense(), changes.loras(), LoraMode.MERGE);
        this.changedByLoras = merged.reports().stream()
                .flatMap(report -> report.matched().stream())
                .collect(Collectors.toSet());
        try {
            this.balanced = changes.balance().map(balance -> balance.of(merged)).orElse(null);
        } catch (RuntimeException | Error failure) {
            merged.close();
            throw failure;
        }
    }

    /** Names of all tensors but scales. */
    Set<String> names() {
        return merged.names();
    }

    /** The tensor as the file has it. */
    CheckpointTensor original(String name) {
        return Objects.requireNonNull(stored.tensors().get(name), name);
    }

    /** The tensor of this name as the file has it, scales included; null if there is none. */
    @Nullable
    CheckpointTensor stored(String name) {
        return stored.tensors().get(name);
    }

    /** The values of a tensor, changes included: the stored tensor itself where nothing has to be computed. */
    StoredTensor values(String name) {
        return (balanced == null ? merged : balanced).find(name).orElseThrow();
    }

    /** Whether a LoRA or the balance changes a tensor. */
    boolean isChanged(String name) {
        return changedByLoras.contains(name) || balanced != null && balanced.changes(name);
    }

    /** Layers whose inputs are balanced, sorted. */
    List<String> balanced() {
        return balanced == null
                ? List.of()
                : balanced.layers().stream().sorted().toList();
    }

    /** Codes and scale of a weight that is stored in 8 bit. */
    Optional<StoredWeight> codes(String name) {
        CheckpointTensor tensor = original(name);
        if (!name.endsWith(WEIGHT) || !tensor.format().isCode()) {
            return Optional.empty();
        }
        return Optional.of(stored.weight(name.substring(0, name.length() - WEIGHT.length()), tensor.shape()));
    }

    /** How the stored weights are quantised, if it is by a scheme that can be written. */
    Optional<WeightScheme> scheme() {
        Quantisation quantisation = part.quantisation();
        return switch (quantisation) {
            case FP8_ROWS -> Optional.of(WeightScheme.FP8_ROWS);
            case INT8_ROWS -> Optional.of(WeightScheme.INT8_ROWS);
            case FP8_TENSOR -> Optional.of(WeightScheme.FP8_TENSOR);
            default -> Optional.empty();
        };
    }

    /** What the LoRAs change, and how much; reads what they change. */
    List<LoraChange> loras() {
        List<LoraReport> reports = merged.reports();
        List<List<LoraReport.Magnitude>> magnitudes = merged.magnitudes();
        return IntStream.range(0, reports.size())
                .mapToObj(i -> LoraChange.of(reports.get(i), magnitudes.get(i)))
                .toList();
    }

    @Override
    public void close() {
        merged.close();
    }

    /** The stored tensors without scales, 8-bit weights as values. */
    private final class Dense implements WeightSource {
        private final Set<String> names = stored.names().stream()
                .filter(name -> !name.endsWith(".weight_scale"))
                .collect(Collectors.toUnmodifiableSet());

        @Override
        public Set<String> names() {
            return names;
        }

        @Override
        public Optional<StoredTensor> find(String name) {
            if (!names.contains(name)) {
                return Optional.empty();
            }
            Optional<StoredWeight> codes = codes(name);
            return codes.isPresent() ? codes.map(DequantisedTensor::new) : stored.find(name);
        }

        @Override
        public StoredWeight weight(String layer, Shape expected) {
            return StoredWeight.dense(get(layer + WEIGHT, expected));
        }

        @Override
        public String location() {
            return stored.location();
        }
    }
}
