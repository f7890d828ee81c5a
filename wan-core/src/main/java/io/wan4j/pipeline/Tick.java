package io.wan4j.pipeline;

/**
 * Told where a phase stands; may throw to stop it. All numbers count from 0. A step is one of denoising or a chunk of
 * frames; a block is one of a transformer, which starts, or a layer of the VAE, which is done.
 */
@FunctionalInterface
public interface Tick {
    /** Listens to nothing. */
    Tick NONE = (step, steps, block, blocks) -> {};

    /** Block {@code block} of {@code blocks} in step {@code step} of {@code steps}. */
    void at(int step, int steps, int block, int blocks);
}
