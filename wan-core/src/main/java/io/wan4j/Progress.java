package io.wan4j;

import io.wan4j.pipeline.Phase;
import java.time.Duration;
import java.util.Locale;

/**
 * Where a generation stands.
 *
 * @param phase the part that runs
 * @param step step within the phase, from 1: a denoising step, or a chunk of frames; 1 elsewhere
 * @param steps steps of the phase
 * @param block block of a transformer that starts, or layer of the VAE that is done, within the step, from 1
 * @param blocks blocks or layers of the step
 * @param fraction work done of the whole generation, 0 to 1
 * @param elapsed time since the start
 * @param remaining estimate of the time that is left, by the work that is left; zero while nothing is known
 * @param cancellation stops the generation
 */
public record Progress(
        Phase phase,
        int step,
        int steps,
        int block,
        int blocks,
        double fraction,
        Duration elapsed,
        Duration remaining,
        Cancellation cancellation) {
    /** Asks the generation to stop at the next block. */
    public void cancel() {
        cancellation.cancel();
    }

    /** For example {@code denoising 2/4, block 7/40, 31 %, 2:05 left}. */
    @Override
    public String toString() {
        String left = fraction < 1 && remaining.isZero()
                ? ""
                : String.format(Locale.ROOT, ", %d:%02d left", remaining.toMinutes(), remaining.toSecondsPart());
        return String.format(
                Locale.ROOT,
                "%s %d/%d, block %d/%d, %.0f %%%s",
                phase.label(),
                step,
                steps,
                block,
                blocks,
                100 * fraction,
                left);
    }
}
