package io.wan4j.checkpoint.lora;

import java.util.List;

/**
 * How strongly a LoRA acts, the same in all denoising steps or another in each.
 *
 * @param steps strength of step 0, 1, ...; the last one also holds for all later steps
 */
public record Strength(List<Float> steps) {
    /** The strength with which a LoRA was trained. */
    public static final Strength ONE = of(1);

    /** Checks that there is at least one, and that all are finite. */
    public Strength {
        steps = List.copyOf(steps);
        if (steps.isEmpty() || !steps.stream().allMatch(Float::isFinite)) {
            throw new IllegalArgumentException("LoRA strength: expected finite numbers, got " + steps);
        }
    }

    /** The same strength in all steps. */
    public static Strength of(float strength) {
        return new Strength(List.of(strength));
    }

    /** The strength of a step, counted from 0. */
    public float at(int step) {
        return steps.get(Math.min(step, steps.size() - 1));
    }

    /** Whether two steps have different strengths. */
    public boolean varies() {
        return steps.stream().distinct().count() > 1;
    }
}
