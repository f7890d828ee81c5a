package io.wan4j.scheduler;

/**
 * Plain Euler for flow models: evenly spaced levels from 1, shifted; {@code x += (s1 - s0) * v}; timestep
 * {@code 1000*sigma}, fractional.
 *
 * @param steps 1 to 1000
 * @param shift above 0
 */
public record FlowEuler(int steps, double shift) implements SchedulerConfig {

    /** Checks both numbers. */
    public FlowEuler {
        FlowSchedule.checkSteps(steps);
        TimestepShift unused = new TimestepShift(shift);
    }

    @Override
    public Scheduler newRun() {
        double[] levels = new TimestepShift(shift).apply(FlowSchedule.evenly(1, 0, steps, steps));
        return new EulerRun(FlowSchedule.of(levels, t -> t), LatentPrecision.F32);
    }

    @Override
    public int stepCount() {
        return steps;
    }
}
