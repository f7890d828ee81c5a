package io.wan4j.pipeline;

import java.util.Arrays;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;

/**
 * How far a phase's work has come at each of its ticks: the layers of a VAE differ in work by orders of magnitude.
 *
 * @param done operations before each tick, never falling
 * @param total operations of the phase
 */
public record WorkCurve(long[] done, long total) {
    /** Copies the numbers. */
    public WorkCurve {
        done = done.clone();
    }

    /** Share of the phase's work that is done at its tick {@code index}, counted from 0; 0 to 1. */
    public double at(int index) {
        if (total == 0 || done.length == 0) {
            return 0;
        }
        return (double) done[Math.min(index, done.length - 1)] / total;
    }

    /** A tick that notes how much work a dry device has seen. */
    public static final class Recorder implements Tick {
        private final LongSupplier flops;
        private final LongStream.Builder ticks = LongStream.builder();

        /** Asks {@code flops} at every tick. */
        public Recorder(LongSupplier flops) {
            this.flops = flops;
        }

        @Override
        public void at(int step, int steps, int block, int blocks) {
            ticks.add(flops.getAsLong());
        }

        /** The curve of a phase that is over. */
        public WorkCurve finish() {
            return new WorkCurve(ticks.build().toArray(), flops.getAsLong());
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WorkCurve curve && curve.total == total && Arrays.equals(curve.done, done);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(done) + Long.hashCode(total);
    }

    @Override
    public String toString() {
        return "WorkCurve[" + done.length + " ticks, " + total + "]";
    }
}
