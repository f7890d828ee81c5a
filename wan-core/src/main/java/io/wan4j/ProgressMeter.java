package io.wan4j;

import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.Tick;
import java.time.Duration;

/** Turns ticks of the phases into progress of the whole, and stops where asked to. */
final class ProgressMeter {
    private final GenerationPlan plan;
    private final ProgressListener listener;
    private final Cancellation cancellation;
    private final long start = System.nanoTime();
    private double resumedAt = -1;

    ProgressMeter(GenerationPlan plan, ProgressListener listener, Cancellation cancellation) {
        this.plan = plan;
        this.listener = listener;
        this.cancellation = cancellation;
    }

    /** Stops here if asked to. */
    void check() {
        cancellation.check();
    }

    /** The ticks of a phase. */
    Tick in(Phase phase) {
        double before = plan.doneBefore(phase);
        double share = plan.share(phase);
        return (step, steps, block, blocks) -> {
            cancellation.check();
            double within = (step + (double) block / blocks) / steps;
            double fraction = Math.min(1, before + share * within);
            Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
            listener.on(new Progress(
                    phase,
                    step + 1,
                    steps,
                    block + 1,
                    blocks,
                    fraction,
                    elapsed,
                    remaining(elapsed, fraction),
                    cancellation));
            cancellation.check();
        };
    }

    /** Time left if the rest goes as fast as what was done here; what an earlier run had done does not count. */
    private Duration remaining(Duration elapsed, double fraction) {
        if (resumedAt < 0) {
            resumedAt = fraction;
        }
        double done = fraction - resumedAt;
        if (done <= 0) {
            return Duration.ZERO;
        }
        return Duration.ofMillis(Math.round(elapsed.toMillis() * (1 - fraction) / done));
    }
}
