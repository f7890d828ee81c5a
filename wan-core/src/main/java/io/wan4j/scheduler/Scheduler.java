package io.wan4j.scheduler;

/**
 * One denoising run: gives the timestep of each step and moves the latents along the velocity that the model answers.
 *
 * <p>Steps are done once each, in order from 0. A run holds state between steps, so it belongs to one thread; make one
 * for every video with {@link SchedulerConfig#newRun()}. {@link #snapshot()} and {@link #restore} carry a run over a
 * break: a restored run gives bit-identical latents.
 */
public sealed interface Scheduler permits EulerRun, UniPcRun, DpmPlusPlusRun {

    /** Number of model calls of the whole run (twice that with classifier-free guidance). */
    int steps();

    /**
     * The timestep that the model is told at a step, in 0..1000. Integer-valued where the reference truncates (UniPC,
     * DPM++), fractional elsewhere.
     *
     * @param step 0 up to {@code steps() - 1}
     */
    double timestep(int step);

    /** Noise level of each step and after the last: {@code steps() + 1} falling values, the last is 0. A copy. */
    double[] sigmas();

    /**
     * Does step {@code step}: latents of noise level {@code sigmas[step]} become those of {@code sigmas[step + 1]}.
     *
     * @param step must be {@link #nextStep()}
     * @param velocity the model's answer (flow prediction, guidance already applied), not changed
     * @param latents read and overwritten, as many values as {@code velocity}
     * @throws IllegalStateException when steps are out of order or the run has ended
     * @throws IllegalArgumentException when sizes differ, between the arrays or from earlier steps
     */
    void step(int step, float[] velocity, float[] latents);

    /** The step that comes next; equals {@link #steps()} when the run has ended. */
    int nextStep();

    /** Everything that the next step needs besides the latents. Copies; later steps do not change it. */
    SchedulerState snapshot();

    /**
     * Puts this run where the snapshot was taken. The run must have been made from the same config.
     *
     * @throws IllegalArgumentException when the state cannot belong to a run like this one
     */
    void restore(SchedulerState state);
}
