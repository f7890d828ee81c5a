package io.wan4j.scheduler;

/**
 * UniPC of order 2 (B(h) = e^h - 1, predicting x0), the default of the undistilled Wan2.1. Levels are spaced evenly from
 * 0.999 and shifted; timesteps are {@code 1000*sigma} truncated to integers. Source: Zhao et al. 2023, "UniPC", and
 * Wan2.1's flow variant of it.
 *
 * @param steps 1 to 1000
 * @param shift above 0
 */
public record UniPc(int steps, double shift) implements SchedulerConfig {

    /** Checks both numbers. */
    public UniPc {
        FlowSchedule.checkSteps(steps);
        TimestepShift unused = new TimestepShift(shift);
    }

    @Override
    public Scheduler newRun() {
        // The reference keeps its largest level in F32, and truncation to integer timesteps may see the difference.
        double largest = (float) (1 - 1.0 / FlowSchedule.TRAINING_STEPS);
        double[] levels = new TimestepShift(shift).apply(FlowSchedule.evenly(largest, 0, steps, steps));
        return new UniPcRun(FlowSchedule.of(levels, Math::floor));
    }

    @Override
    public int stepCount() {
        return steps;
    }
}
