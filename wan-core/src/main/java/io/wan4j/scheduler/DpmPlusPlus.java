package io.wan4j.scheduler;

/**
 * DPM-Solver++ 2M (midpoint), Wan2.1's other teacher scheduler. Levels are spaced evenly from 1 and shifted; timesteps
 * are {@code 1000*sigma} truncated to integers; first and last step are of order 1. Source: Lu et al. 2022,
 * "DPM-Solver++", and Wan2.1's flow variant of it.
 *
 * @param steps 1 to 1000
 * @param shift above 0
 */
public record DpmPlusPlus(int steps, double shift) implements SchedulerConfig {

    /** Checks both numbers. */
    public DpmPlusPlus {
        FlowSchedule.checkSteps(steps);
        TimestepShift unused = new TimestepShift(shift);
    }

    @Override
    public Scheduler newRun() {
        double[] levels = new TimestepShift(shift).apply(FlowSchedule.evenly(1, 0, steps, steps));
        return new DpmPlusPlusRun(FlowSchedule.of(levels, Math::floor));
    }

    @Override
    public int stepCount() {
        return steps;
    }
}
