package io.wan4j.checkpoint.quantise;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredAdapter;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Weights that are quantised while they are loaded. Codes are made when they are first read, on all cores, and stay in
 * host memory, one byte an element; to spare that, write a quantised checkpoint once. Weights that are in 8 bit already
 * stay as they are.
 */
public final class QuantisedWeights implements WeightSource {
    private final WeightSource source;
    private final Component component;
    private final WeightScheme scheme;
    private final Map<String, StoredWeight> made = new ConcurrentHashMap<>();

    /** The weights of a component in 8 bit. */
    public QuantisedWeights(WeightSource source, Component component, WeightScheme scheme) {
        this.source = source;
        this.component = component;
        this.scheme = scheme;
    }

    /** A dense weight in 8 bit; computed when it is read. */
    public static StoredWeight quantise(StoredTensor dense, WeightScheme scheme) {
        return new QuantisedTensor(dense, scheme).weight();
    }

    @Override
    public Set<String> names() {
        return source.names();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return source.find(name);
    }

    @Override
    public String location() {
        return source.location();
    }

    @Override
    public StoredWeight weight(String layer, Shape expected) {
        StoredWeight stored = source.weight(layer, expected);
        if (stored.scale().isPresent() || !QuantisableLayers.contains(component, layer + ".weight", expected)) {
            return stored;
        }
        return made.computeIfAbsent(layer, any -> quantise(stored.values(), scheme));
    }

    @Override
    public List<StoredAdapter> adapters(String layer, Shape weight) {
        return source.adapters(layer, weight);
    }
}
