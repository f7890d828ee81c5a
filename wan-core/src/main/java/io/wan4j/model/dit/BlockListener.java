package io.wan4j.model.dit;

/** Told before every block; may throw {@link java.util.concurrent.CancellationException} to stop the forward pass. */
@FunctionalInterface
public interface BlockListener {
    /** Listens to nothing. */
    BlockListener NONE = (block, blocks) -> {};

    /** Block {@code block} of {@code blocks} starts, counted from 0. */
    void starting(int block, int blocks);
}
