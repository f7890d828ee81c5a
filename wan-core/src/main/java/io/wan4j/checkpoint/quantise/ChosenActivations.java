package io.wan4j.checkpoint.quantise;

import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredAdapter;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.WeightSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The same weights, with another treatment of the inputs of 8-bit layers than the release meant: w8a8 or w8a16.
 *
 * @param source weights that are the same at every step
 * @param mode what 8-bit layers do with their inputs
 */
public record ChosenActivations(WeightSource source, ActivationMode mode) implements WeightSource {
    @Override
    public Set<String> names() {
        return source.names();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return source.find(name);
    }

    @Override
    public StoredTensor get(String name, Shape expected) {
        return source.get(name, expected);
    }

    @Override
    public String location() {
        return source.location();
    }

    @Override
    public StoredWeight weight(String layer, Shape expected) {
        StoredWeight stored = source.weight(layer, expected);
        return stored.scale().isPresent() ? new StoredWeight(stored.values(), stored.scale(), mode) : stored;
    }

    @Override
    public List<StoredAdapter> adapters(String layer, Shape weight) {
        return source.adapters(layer, weight);
    }
}
