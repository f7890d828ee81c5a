package io.wan4j.scheduler;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A UniPC run. Each step first corrects the latents that the last step predicted, with the x0 that the model now sees
 * there, then predicts the next ones. Coefficients are double, histories F32.
 */
final class UniPcRun implements Scheduler {
    private static final int ORDER = 2;

    private final FlowSchedule schedule;
    private final StepCursor cursor;
    /** x0 seen at the last step and the one before. */
    private float @Nullable [] x0;

    private float @Nullable [] olderX0;
    /** Corrected latents that the last prediction started from. */
    private float @Nullable [] origin;

    UniPcRun(FlowSchedule schedule) {
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
        float[] seen = new float[latents.length];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = (float) (latents[i] - sigma * velocity[i]);
        }
        if (x0 != null && origin != null) {
            correct(step, origin, x0, seen, latents);
        }
        olderX0 = x0;
        x0 = seen;
        origin = latents.clone();
        predict(step, seen, latents);
        cursor.advance();
    }

    /** Order at a step: 1 at the first and the last. */
    private int order(int step) {
        return Math.min(ORDER, Math.min(step + 1, schedule.steps() - step));
    }

    /** latents of level {@code step} = predictor's formula from {@code origin}, with the newly seen x0 as a point. */
    private void correct(int step, float[] origin, float[] x0, float[] seen, float[] latents) {
        double h = schedule.lambda(step) - schedule.lambda(step - 1);
        double phi1 = Math.expm1(-h);
        double keep = schedule.sigma(step) / schedule.sigma(step - 1);
        double gain = -schedule.alpha(step) * phi1;
        float[] older = olderX0;
        if (order(step - 1) == 1 || older == null) {
            for (int i = 0; i < latents.length; i++) {
                latents[i] = (float) (keep * origin[i] + gain * (x0[i] + 0.5 * (seen[i] - x0[i])));
            }
            return;
        }
        // Two conditions of order for the weights of the two differences: [1 1; r 1] rho = b.
        double r = (schedule.lambda(step - 2) - schedule.lambda(step - 1)) / h;
        double phi2 = phi1 / -h - 1;
        double phi3 = phi2 / -h - 0.5;
        double b1 = phi2 / phi1;
        double b2 = 2 * phi3 / phi1;
        double rhoOlder = (b1 - b2) / (1 - r);
        double rhoSeen = b1 - rhoOlder;
        for (int i = 0; i < latents.length; i++) {
            double correction = rhoOlder * ((older[i] - x0[i]) / r) + rhoSeen * (seen[i] - x0[i]);
            latents[i] = (float) (keep * origin[i] + gain * (x0[i] + correction));
        }
    }

    private void predict(int step, float[] x0, float[] latents) {
        double h = schedule.lambda(step + 1) - schedule.lambda(step);
        double keep = schedule.sigma(step + 1) / schedule.sigma(step);
        double gain = -schedule.alpha(step + 1) * Math.expm1(-h);
        float[] older = olderX0;
        if (order(step) == 1 || older == null) {
            for (int i = 0; i < latents.length; i++) {
                latents[i] = (float) (keep * latents[i] + gain * x0[i]);
            }
            return;
        }
        double r = (schedule.lambda(step - 1) - schedule.lambda(step)) / h;
        for (int i = 0; i < latents.length; i++) {
            latents[i] = (float) (keep * latents[i] + gain * (x0[i] + 0.5 * (older[i] - x0[i]) / r));
        }
    }

    @Override
    public int nextStep() {
        return cursor.next();
    }

    /** History: x0 of the last step, latents that its prediction started from, x0 of the step before. */
    @Override
    public SchedulerState snapshot() {
        List<float[]> history = new ArrayList<>();
        if (x0 != null && origin != null) {
            history.add(x0);
            history.add(origin);
        }
        if (olderX0 != null) {
            history.add(olderX0);
        }
        return new SchedulerState(cursor.next(), history);
    }

    @Override
    public void restore(SchedulerState state) {
        int done = Math.min(state.nextStep(), ORDER);
        cursor.restore(state, done == 0 ? 0 : done + 1);
        List<float[]> history = state.history();
        x0 = done > 0 ? history.get(0) : null;
        origin = done > 0 ? history.get(1) : null;
        olderX0 = done > 1 ? history.get(2) : null;
    }
}
