package io.wan4j.checkpoint.lora;

import io.wan4j.checkpoint.quantise.DequantisedTensor;
import io.wan4j.checkpoint.quantise.QuantisedWeights;
import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredAdapter;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of a transformer with LoRAs: {@code W + sum_i strength_i * change_i}, in the order of the LoRAs.
 *
 * <p>A change joins the tensor when it is read, or stands beside the layer as a side branch {@code y = W x + s B (A x)};
 * {@link LoraMode} says which. Where a LoRA's strength differs from step to step its pairs always stand beside. The base
 * is never changed. Closing closes the LoRA files and leaves the base open.
 */
public final class LoraWeights implements WeightSource, AutoCloseable {
    private static final String WEIGHT = ".weight";

    private final WeightSource base;
    private final LoraMode mode;
    private final List<MatchedLora> loras;
    private final int step;
    private final Map<List<Float>, LoraWeights> views;

    private LoraWeights(
            WeightSource base, LoraMode mode, List<MatchedLora> loras, int step, Map<List<Float>, LoraWeights> views) {
        this.base = base;
        this.mode = mode;
        this.loras = loras;
        this.step = step;
        this.views = views;
        views.put(strengths(step), this);
    }

    /**
     * Opens LoRA files and matches them with a checkpoint; a log line says what matched.
     *
     * @throws io.wan4j.error.CheckpointException if a file changes nothing of this checkpoint, or a tensor of another
     *     shape
     */
    public static LoraWeights open(WeightSource base, List<Lora> loras, LoraMode mode) {
        List<MatchedLora> matched = new ArrayList<>();
        try {
            for (Lora lora : loras) {
                LoraFile file = LoraFile.open(lora.file());
                try {
                    matched.add(MatchedLora.of(file, lora.strength(), base));
                } catch (RuntimeException | Error failure) {
                    file.close();
                    throw failure;
                }
            }
            return new LoraWeights(base, mode, List.copyOf(matched), 0, new HashMap<>());
        } catch (RuntimeException | Error failure) {
            matched.forEach(lora -> lora.file().close());
            throw failure;
        }
    }

    /** What each LoRA changes, in order. */
    public List<LoraReport> reports() {
        return loras.stream().map(MatchedLora::report).toList();
    }

    /** For each LoRA and each tensor that it changes, how much. Reads all of these tensors. */
    public List<List<LoraReport.Magnitude>> magnitudes() {
        return loras.stream().map(lora -> lora.magnitudes(base, step)).toList();
    }

    /** One change, and whether its LoRA keeps one strength. */
    private record Active(Change change, boolean constant) {}

    private List<Active> active(String name) {
        List<Active> all = new ArrayList<>();
        for (MatchedLora lora : loras) {
            float strength = lora.strength().at(step);
            for (LoraPart part : lora.parts().getOrDefault(name, List.of())) {
                if (strength != 0 || lora.strength().varies()) {
                    all.add(new Active(
                            new Change(part, strength), !lora.strength().varies()));
                }
            }
        }
        return all;
    }

    private boolean standsBeside(Active active, boolean quantised) {
        if (!(active.change().part() instanceof LoraPart.LowRank)) {
            return false;
        }
        return !active.constant() || mode == LoraMode.SIDE_BRANCH || quantised && mode == LoraMode.MERGE;
    }

    /** What is added to a layer's weight itself. */
    private List<Change> merged(String layer, boolean quantised) {
        return active(layer + WEIGHT).stream()
                .filter(active -> !standsBeside(active, quantised))
                .map(Active::change)
                .toList();
    }

    @Override
    public Set<String> names() {
        return base.names();
    }

    @Override
    public String location() {
        return base.location();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        List<Change> changes = active(name).stream().map(Active::change).toList();
        return base.find(name)
                .map(tensor -> changes.isEmpty() || isCode(tensor) ? tensor : new MergedTensor(tensor, changes));
    }

    private static boolean isCode(StoredTensor tensor) {
        return tensor.format().isCode();
    }

    /**
     * {@inheritDoc}
     *
     * <p>A difference of a quantised weight, which no side branch can hold, makes the weight dense in F32.
     */
    @Override
    public StoredWeight weight(String layer, Shape expected) {
        StoredWeight stored = base.weight(layer, expected);
        boolean quantised = stored.scale().isPresent();
        List<Change> changes = merged(layer, quantised);
        if (changes.isEmpty()) {
            return stored;
        }
        if (!quantised) {
            return StoredWeight.dense(new MergedTensor(stored.values(), changes));
        }
        MergedTensor merged = new MergedTensor(new DequantisedTensor(stored), changes);
        return mode == LoraMode.REQUANTISE
                ? QuantisedWeights.quantise(merged, scheme(stored))
                : StoredWeight.dense(merged);
    }

    private static WeightScheme scheme(StoredWeight stored) {
        if (stored.values().format() == Format.I8) {
            return WeightScheme.INT8_ROWS;
        }
        return stored.scale().orElseThrow().shape().count() == 1 ? WeightScheme.FP8_TENSOR : WeightScheme.FP8_ROWS;
    }

    @Override
    public List<StoredAdapter> adapters(String layer, Shape weight) {
        List<StoredAdapter> adapters = new ArrayList<>(base.adapters(layer, weight));
        List<Active> active = active(layer + WEIGHT);
        if (active.isEmpty()) {
            return adapters;
        }
        boolean quantised = base.weight(layer, weight).scale().isPresent();
        for (Active one : active) {
            if (standsBeside(one, quantised)) {
                LoraPart.LowRank pair = (LoraPart.LowRank) one.change().part();
                adapters.add(new StoredAdapter(
                        pair.down().reshape(pair.rank(), weight.dim(1)),
                        pair.up().reshape(weight.dim(0), pair.rank()),
                        pair.factor() * one.change().strength()));
            }
        }
        return adapters;
    }

    private List<Float> strengths(int wanted) {
        return loras.stream().map(lora -> lora.strength().at(wanted)).toList();
    }

    /** {@inheritDoc} Steps with the same strengths have the same source. */
    @Override
    public WeightSource atStep(int wanted) {
        synchronized (views) {
            LoraWeights known = views.get(strengths(wanted));
            return known != null ? known : new LoraWeights(base, mode, loras, wanted, views);
        }
    }

    @Override
    public boolean keepsLayersOf(WeightSource other) {
        if (other instanceof LoraWeights that && that.base == base) {
            return mergedLayers().equals(that.mergedLayers());
        }
        return other == base && mergedLayers().isEmpty();
    }

    private Map<String, List<Change>> mergedLayers() {
        Map<String, List<Change>> all = new LinkedHashMap<>();
        for (MatchedLora lora : loras) {
            for (String name : lora.parts().keySet()) {
                StoredTensor tensor = base.find(name).orElseThrow();
                if (name.endsWith(WEIGHT) && tensor.shape().rank() == 2) {
                    String layer = name.substring(0, name.length() - WEIGHT.length());
                    boolean quantised =
                            base.weight(layer, tensor.shape()).scale().isPresent();
                    List<Change> changes = merged(layer, quantised);
                    if (!changes.isEmpty()) {
                        all.put(layer, changes);
                    }
                }
            }
        }
        return all;
    }

    @Override
    public void close() {
        loras.forEach(lora -> lora.file().close());
    }
}
