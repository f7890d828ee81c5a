package io.wan4j.scheduler;

/**
 * Euler with the levels of diffusers' {@code FlowMatchEulerDiscreteScheduler}: its smallest level comes from an already
 * shifted table of 1000, the levels are spaced evenly down to it, and shifted once more. Timestep {@code 1000*sigma},
 * fractional.
 *
 * @param steps 1 to 1000
 * @param shift above 0
 */
public record DiffusersEuler(int steps, double shift) implements SchedulerConfig {

    /** Checks both numbers. */
    public DiffusersEuler {
        FlowSchedule.checkSteps(steps);
        TimestepShift unused = new TimestepShift(shift);
    }

    @Override
    public Scheduler newRun() {
        TimestepShift map = new TimestepShift(shift);
        double smallest = map.apply(1.0 / FlowSchedule.TRAINING_STEPS);
        double[] levels = map.apply(FlowSchedule.evenly(1, smallest, steps - 1, steps));
        return new EulerRun(FlowSchedule.of(levels, t -> t), LatentPrecision.F32);
    }

    @Override
    public int stepCount() {
        return steps;
    }
}
