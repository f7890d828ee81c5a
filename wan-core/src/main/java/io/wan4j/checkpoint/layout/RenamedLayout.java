package io.wan4j.checkpoint.layout;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.error.CheckpointException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A layout that differs from the canonical one in names alone.
 *
 * @param title what to call it
 * @param component the network it names
 * @param signature names by which a whole checkpoint is recognised; all must be there
 * @param names the renaming
 */
record RenamedLayout(String title, Component component, List<String> signature, NameTable names) implements Layout {
    @Override
    public boolean recognises(Set<String> present) {
        return present.containsAll(signature);
    }

    @Override
    public Map<String, CheckpointTensor> toCanonical(Map<String, CheckpointTensor> stored) {
        return rename(stored, names::canonical);
    }

    @Override
    public Map<String, CheckpointTensor> fromCanonical(Map<String, CheckpointTensor> canonical) {
        return rename(canonical, names::stored);
    }

    /** The same tensors under other names. */
    static Map<String, CheckpointTensor> rename(Map<String, CheckpointTensor> tensors, UnaryOperator<String> newName) {
        Map<String, CheckpointTensor> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> putOnce(renamed, tensor.named(newName.apply(name))));
        return renamed;
    }

    /** Adds a tensor under its name, which must be new. */
    static void putOnce(Map<String, CheckpointTensor> tensors, CheckpointTensor tensor) {
        CheckpointTensor other = tensors.put(tensor.name(), tensor);
        if (other != null) {
            throw new CheckpointException(tensor.name() + ": expected one tensor that stands for it, got two in "
                    + other.location() + " and " + tensor.location());
        }
    }
}
