package io.wan4j.scheduler;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Noise levels and timesteps of a run. In a flow model {@code x = alpha*x0 + sigma*noise} with
 * {@code alpha = 1 - sigma}; {@code lambda = ln(alpha/sigma)} is half the log signal-to-noise ratio, the time that
 * multistep solvers integrate in (infinite at sigma 0 and 1).
 *
 * @param sigmas one per step and a final 0
 * @param timesteps one per step
 */
record FlowSchedule(double[] sigmas, double[] timesteps) {

    /** Timesteps run from 0 to this. */
    static final int TRAINING_STEPS = 1000;

    static final int MAX_STEPS = 1000;

    /** Appends the final 0 to the levels; timestep = {@code toTimestep(1000 * level)}. */
    static FlowSchedule of(double[] levels, DoubleUnaryOperator toTimestep) {
        double[] timesteps = Arrays.stream(levels)
                .map(level -> toTimestep.applyAsDouble(level * TRAINING_STEPS))
                .toArray();
        return new FlowSchedule(Arrays.copyOf(levels, levels.length + 1), timesteps);
    }

    /** {@code count} evenly spaced values from {@code first}; {@code last} would be the one at index {@code intervals}. */
    static double[] evenly(double first, double last, int intervals, int count) {
        double[] values = new double[count];
        double gap = intervals == 0 ? 0 : (last - first) / intervals;
        for (int i = 0; i < count; i++) {
            values[i] = first + i * gap;
        }
        return values;
    }

    static int checkSteps(int steps) {
        if (steps < 1 || steps > MAX_STEPS) {
            throw new IllegalArgumentException("steps: expected 1 to " + MAX_STEPS + ", got " + steps);
        }
        return steps;
    }

    int steps() {
        return timesteps.length;
    }

    double sigma(int i) {
        return sigmas[i];
    }

    double alpha(int i) {
        return 1 - sigmas[i];
    }

    double lambda(int i) {
        return Math.log(alpha(i)) - Math.log(sigma(i));
    }
}
