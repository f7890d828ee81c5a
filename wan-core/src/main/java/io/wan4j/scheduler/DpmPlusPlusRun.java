package io.wan4j.scheduler;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A DPM-Solver++ 2M run: each step extrapolates x0 from the last two seen. Coefficients are double, history F32. */
final class DpmPlusPlusRun implements Scheduler {
    private final FlowSchedule schedule;
    private final StepCursor cursor;
    /** x0 seen at the last step. */
    private float @Nullable [] x0;

    DpmPlusPlusRun(FlowSchedule schedule) {
        this.schedule = schedule;
        this.cursor = new StepCursor(schedule.steps());
    }

    @Override
    public int steps() {
        return schedule.steps();
    }

    @Override
    public double timestep(int step) {
        return schedule.timesteps()[step];
    }

    @Override
    public double[] sigmas() {
        return schedule.sigmas().clone();
    }

    @Override
    public void step(int step, float[] velocity, float[] latents) {
        cursor.check(step, velocity, latents);
        double sigma = schedule.sigma(step);
        double h = schedule.lambda(step + 1) - schedule.lambda(step);
        double keep = schedule.sigma(step + 1) / sigma;
        double gain = -schedule.alpha(step + 1) * Math.expm1(-h);
        float[] older = x0;
        boolean firstOrder = older == null || step == schedule.steps() - 1;
        // lambda is -infinite at sigma 1, where the first x0 was seen: its weight is then 0.
        double slope = firstOrder ? 0 : 0.5 * h / (schedule.lambda(step) - schedule.lambda(step - 1));
        float[] seen = new float[latents.length];
        for (int i = 0; i < latents.length; i++) {
            float now = (float) (latents[i] - sigma * velocity[i]);
            double change = older == null ? 0 : slope * (now - older[i]);
            latents[i] = (float) (keep * latents[i] + gain * (now + change));
            seen[i] = now;
        }
        x0 = seen;
        cursor.advance();
    }

    @Override
    public int nextStep() {
        return cursor.next();
    }

    /** History: x0 of the last step. */
    @Override
    public SchedulerState snapshot() {
        return new SchedulerState(cursor.next(), x0 == null ? List.of() : List.of(x0));
    }

    @Override
    public void restore(SchedulerState state) {
        int arrays = Math.min(state.nextStep(), 1);
        cursor.restore(state, arrays);
        x0 = arrays == 0 ? null : state.history().get(0);
    }
}
