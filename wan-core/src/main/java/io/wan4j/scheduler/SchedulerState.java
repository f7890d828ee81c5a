package io.wan4j.scheduler;

import java.util.ArrayList;
import java.util.List;

/**
 * What a run must remember besides the latents, to go on after a break.
 *
 * @param nextStep the step that comes next
 * @param history arrays of latent size, newest first; what they mean is the scheduler's own affair. Empty for
 *     single-step schedulers.
 */
public record SchedulerState(int nextStep, List<float[]> history) {

    /** Copies the arrays. */
    public SchedulerState {
        if (nextStep < 0) {
            throw new IllegalArgumentException("scheduler state: expected nextStep of at least 0, got " + nextStep);
        }
        history = copy(history);
        for (float[] values : history) {
            if (values.length != history.get(0).length) {
                throw new IllegalArgumentException("scheduler state: expected histories of one size, got "
                        + history.get(0).length + " and " + values.length);
            }
        }
    }

    /** Copies of the arrays, newest first. */
    @Override
    public List<float[]> history() {
        return copy(history);
    }

    private static List<float[]> copy(List<float[]> arrays) {
        List<float[]> copies = new ArrayList<>(arrays.size());
        for (float[] array : arrays) {
            copies.add(array.clone());
        }
        return List.copyOf(copies);
    }
}
