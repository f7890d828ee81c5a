package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.tensor.Tensor;

/**
 * Follows a run of the encoder or decoder on the thread that runs it. Either method may throw, for example
 * {@link java.util.concurrent.CancellationException}: the run then ends with that exception and frees its memory.
 */
public interface VaeListener {
    /** Listens to nothing. */
    VaeListener NONE = new VaeListener() {};

    /** A chunk is done: one latent frame, which is one frame for the first and four for each later one. */
    default void chunk(int done, int total) {}

    /**
     * A layer gave frames.
     *
     * @param name canonical name, for example {@code encoder.downsamples.5}
     * @param ops a scope in which the listener may work, for example to download the output
     * @param output [frames, height, width, channels]; valid only during the call and not to be changed
     */
    default void layer(String name, Ops ops, Tensor output) {}
}
