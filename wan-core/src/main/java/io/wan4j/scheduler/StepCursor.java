package io.wan4j.scheduler;

/** Where a run stands; refuses steps out of order and arrays of another size than before. */
final class StepCursor {
    private final int steps;
    private int next;
    private int size = -1;

    StepCursor(int steps) {
        this.steps = steps;
    }

    int next() {
        return next;
    }

    /** Checks the arguments of {@link Scheduler#step}; changes nothing but the size it expects from now on. */
    void check(int step, float[] velocity, float[] latents) {
        if (step != next || step >= steps) {
            String expected = next == steps ? "no further step: the run of " + steps + " has ended" : "step " + next;
            throw new IllegalStateException("scheduler: expected " + expected + ", got step " + step);
        }
        if (velocity.length != latents.length || (size >= 0 && size != latents.length)) {
            throw new IllegalArgumentException("scheduler: expected " + (size < 0 ? latents.length : size)
                    + " values, got " + velocity.length + " of velocity and " + latents.length + " of latents");
        }
        size = latents.length;
    }

    void advance() {
        next++;
    }

    /** Stands where the state says; expects {@code historySize} arrays in it. */
    void restore(SchedulerState state, int historySize) {
        int got = state.history().size();
        if (state.nextStep() > steps || got != historySize) {
            throw new IllegalArgumentException("scheduler: expected a state of at most step " + steps + " with "
                    + historySize + " arrays, got step " + state.nextStep() + " with " + got
                    + "; was it saved by another scheduler?");
        }
        next = state.nextStep();
        size = historySize == 0 ? -1 : state.history().get(0).length;
    }
}
