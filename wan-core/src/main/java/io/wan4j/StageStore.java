package io.wan4j;

import io.wan4j.scheduler.SchedulerState;
import java.util.Optional;
import java.util.function.Supplier;

/** Where a generation keeps what it has finished, so that it can go on after a crash. */
interface StageStore extends AutoCloseable {
    /** Keeps nothing. */
    StageStore NONE = new StageStore() {
        @Override
        public float[] get(String key, Supplier<float[]> compute) {
            return compute.get();
        }

        @Override
        public Optional<SavedSteps> steps() {
            return Optional.empty();
        }

        @Override
        public void save(SavedSteps steps) {
            // Nothing is kept.
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    };

    /** The latents after some steps, and what the scheduler remembers. */
    record SavedSteps(float[] latents, SchedulerState scheduler) {}

    /** The values kept under a key; computed and kept if there are none. */
    float[] get(String key, Supplier<float[]> compute);

    /** The last saved steps, if any. */
    Optional<SavedSteps> steps();

    /** Keeps the latents after a step. */
    void save(SavedSteps steps);

    /** Lets go of the place; what was kept stays. */
    @Override
    void close();
}
