package io.wan4j.scheduler;

import java.util.List;

/** {@code x += (sigma[i+1] - sigma[i]) * v}, done as the reference does: out to x0 and back, in F32. */
final class EulerRun implements Scheduler {
    private final FlowSchedule schedule;
    private final LatentPrecision precision;
    private final StepCursor cursor;

    EulerRun(FlowSchedule schedule, LatentPrecision precision) {
        this.schedule = schedule;
        this.precision = precision;
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
        float from = (float) schedule.sigma(step);
        float to = (float) schedule.sigma(step + 1);
        for (int i = 0; i < latents.length; i++) {
            float x0 = precision.round(latents[i]) - from * velocity[i];
            latents[i] = precision.round(x0 + to * velocity[i]);
        }
        cursor.advance();
    }

    @Override
    public int nextStep() {
        return cursor.next();
    }

    @Override
    public SchedulerState snapshot() {
        return new SchedulerState(cursor.next(), List.of());
    }

    @Override
    public void restore(SchedulerState state) {
        cursor.restore(state, 0);
    }
}
