package io.wan4j.scheduler;

import java.util.List;

/**
 * The schedule of step-distilled models: a given list of points, Euler between them, a last sigma of 0, no new noise.
 *
 * <p>For list entry k (1000 = pure noise): {@code s = k/1000}, {@code sigma = shift*s / (1 + (shift-1)*s)}, timestep
 * {@code 1000*sigma}, fractional. Source: LightX2V's step-distill scheduler.
 *
 * @param points strictly falling, each 1 to 1000
 * @param shift above 0
 * @param precision format of the latents between steps
 */
public record StepDistill(List<Integer> points, double shift, LatentPrecision precision) implements SchedulerConfig {

    /** Checks the list and the shift. */
    public StepDistill {
        points = List.copyOf(points);
        TimestepShift unused = new TimestepShift(shift);
        if (points.isEmpty()) {
            throw new IllegalArgumentException("denoising steps: expected at least one, got none");
        }
        int previous = FlowSchedule.TRAINING_STEPS + 1;
        for (int point : points) {
            if (point < 1 || point >= previous) {
                throw new IllegalArgumentException(
                        "denoising steps: expected strictly falling numbers from 1000 to 1, got " + points);
            }
            previous = point;
        }
    }

    /** What the published 4-step models were distilled for: [1000, 750, 500, 250], shift 5, F32 latents. */
    public static StepDistill fourSteps() {
        return new StepDistill(List.of(1000, 750, 500, 250), 5.0, LatentPrecision.F32);
    }

    @Override
    public Scheduler newRun() {
        double[] levels = points.stream()
                .mapToDouble(point -> (double) point / FlowSchedule.TRAINING_STEPS)
                .toArray();
        return new EulerRun(FlowSchedule.of(new TimestepShift(shift).apply(levels), t -> t), precision);
    }

    @Override
    public int stepCount() {
        return points.size();
    }
}
