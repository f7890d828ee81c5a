package io.wan4j.scheduler;

/** Which scheduler, and its few numbers: immutable, makes a fresh {@link Scheduler} for each video. */
public sealed interface SchedulerConfig permits StepDistill, FlowEuler, DiffusersEuler, UniPc, DpmPlusPlus {

    /** A new run, standing before step 0. */
    Scheduler newRun();

    /** Number of model calls of a run. */
    int stepCount();

    /**
     * How far the noise levels are pushed towards noise: {@code sigma = shift*s / (1 + (shift-1)*s)}. 1 leaves them
     * alone.
     */
    double shift();
}
