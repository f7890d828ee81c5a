package io.wan4j.pipeline;

import io.wan4j.model.dit.BlockListener;

/** Counts the blocks of a step over its one or two forward passes. */
record BlockCounter(Tick tick, int step, int steps, int passes) {
    /** Listens to pass {@code pass}. */
    BlockListener pass(int pass) {
        return (block, blocks) -> tick.at(step, steps, pass * blocks + block, passes * blocks);
    }
}
