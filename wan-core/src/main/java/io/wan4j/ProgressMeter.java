package io.wan4j;

import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.Tick;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** Turns ticks of the phases into progress of the whole, which never falls, and stops where asked to. */
final class ProgressMeter {
    private final GenerationPlan plan;
    private final ProgressListener listener;
    private final Cancellation cancellation;
    private final LongSupplier clock;
    private final long start;
    private final Map<Phase, Integer> ticks = new EnumMap<>(Phase.class);
    private double resumedAt = -1;
    private double fraction;
    private Position last = new Position(Phase.DECODING, 0, 1, 0, 1);

    ProgressMeter(GenerationPlan plan, ProgressListener listener, Cancellation cancellation, LongSupplier nanoClock) {
        this.plan = plan;
        this.listener = listener;
        this.cancellation = cancellation;
        this.clock = nanoClock;
        this.start = nanoClock.getAsLong();
    }

    /** Stops here if asked to. */
    void check() {
        cancellation.check();
    }

    /** The ticks of a phase; asked for again, they go on where they were. */
    Tick in(Phase phase) {
        return (step, steps, block, blocks) -> {
            cancellation.check();
            // A resumed run starts at a later step of denoising, whose steps are all alike.
            int at = phase == Phase.DENOISING ? step * blocks + block : ticks.merge(phase, 1, Integer::sum) - 1;
            double within = plan.cost(phase).curve().at(at);
            move(Math.min(1, plan.doneBefore(phase) + plan.share(phase) * within));
            last = new Position(phase, step, steps, block, blocks);
            tell(last);
            cancellation.check();
        };
    }

    /** Everything is done. */
    void finished() {
        fraction = 1;
        tell(last);
    }

    private record Position(Phase phase, int step, int steps, int block, int blocks) {}

    private void move(double reached) {
        fraction = Math.max(fraction, reached);
        if (resumedAt < 0) {
            resumedAt = fraction;
        }
    }

    private void tell(Position at) {
        Duration elapsed = Duration.ofNanos(clock.getAsLong() - start);
        listener.on(new Progress(
                at.phase(),
                at.step() + 1,
                at.steps(),
                at.block() + 1,
                at.blocks(),
                fraction,
                elapsed,
                remaining(elapsed),
                cancellation));
    }

    /** Time left if the rest goes as fast as what was done here; what an earlier run had done does not count. */
    private Duration remaining(Duration elapsed) {
        double done = fraction - resumedAt;
        if (done <= 0) {
            return Duration.ZERO;
        }
        return Duration.ofMillis(Math.round(elapsed.toMillis() * (1 - fraction) / done));
    }
}
