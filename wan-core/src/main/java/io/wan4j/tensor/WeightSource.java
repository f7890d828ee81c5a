package io.wan4j.tensor;

import io.wan4j.error.CheckpointException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Weights by canonical (original Wan) name, whatever file and layout they come from. Answers are lazy: nothing is read
 * before {@link StoredTensor#read}. Not closed by its users; the checkpoint behind it is.
 */
public interface WeightSource {
    /** All canonical names that this source holds. */
    Set<String> names();

    /** The tensor of this name, and a note that it was used; empty if the source has none. */
    Optional<StoredTensor> find(String name);

    /** What the source reads from, for messages: a file or folder. */
    String location();

    /**
     * The tensor of this name with exactly this shape.
     *
     * @throws CheckpointException if it is missing or has another shape
     */
    default StoredTensor get(String name, Shape expected) {
        StoredTensor found = find(name)
                .orElseThrow(() -> new CheckpointException(
                        name + ": expected " + expected + ", but there is no such tensor in " + location()));
        if (!found.shape().equals(expected)) {
            throw new CheckpointException(name + ": expected " + expected + ", got " + found.shape() + " in "
                    + found.location() + "; is this the checkpoint of another model size?");
        }
        return found;
    }

    /**
     * The weight of a layer: {@code name.weight} with its scale, if the checkpoint has one for it.
     *
     * @throws CheckpointException if it is missing, has another shape, or its scale is unusable
     */
    default StoredWeight weight(String layer, Shape expected) {
        return StoredWeight.dense(get(layer + ".weight", expected));
    }

    /** Low-rank side branches of a layer whose weight has this shape; usually none. */
    default List<StoredAdapter> adapters(String layer, Shape weight) {
        return List.of();
    }

    /**
     * The weights for one denoising step, counted from 0: this source itself unless something in it differs from step to
     * step. Does not change this source.
     */
    default WeightSource atStep(int step) {
        return this;
    }

    /**
     * Whether every layer's {@link #weight} is the same as in {@code other}, so that those which are on a device can stay
     * there. Other tensors and {@link #adapters} may differ.
     */
    default boolean keepsLayersOf(WeightSource other) {
        return other == this;
    }
}
