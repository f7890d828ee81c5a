package io.wan4j.model.vae;

/** A causal layer that gives the same frame again once its input has stayed the same for long enough. */
interface SettlingLayer extends CausalLayer {
    /** How far back in time an output frame looks. */
    Reach reach();

    /**
     * Takes, instead of {@link #forward}, a frame so much like those before it that by {@link #reach} neither the output
     * nor what the layer remembers would change.
     */
    default void repeat() {}
}
