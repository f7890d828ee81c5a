package io.wan4j.gpucheck;

import java.util.Arrays;

/**
 * Times of one piece of work, in milliseconds.
 *
 * @param median middle of the samples
 * @param low tenth percentile
 * @param high ninetieth percentile
 * @param samples number of samples
 * @param repeats runs of the work in a sample
 */
record Timing(double median, double low, double high, int samples, int repeats) {
    static Timing of(double[] millis, int repeats) {
        double[] sorted = millis.clone();
        Arrays.sort(sorted);
        int last = sorted.length - 1;
        return new Timing(
                (sorted[last / 2] + sorted[sorted.length / 2]) / 2,
                sorted[(int) Math.floor(0.1 * last)],
                sorted[(int) Math.ceil(0.9 * last)],
                sorted.length,
                repeats);
    }

    /** (high - low) / median. */
    double spread() {
        return median == 0 ? 0 : (high - low) / median;
    }

    /** A row with these times. */
    Row row(String name) {
        return Row.ok(name)
                .with("ms", round(median))
                .with("spread", round(spread()))
                .with("samples", samples)
                .with("repeats", repeats);
    }

    /** Four significant digits. */
    static double round(double value) {
        if (value == 0 || !Double.isFinite(value)) {
            return 0;
        }
        double unit = Math.pow(10, 3 - Math.floor(Math.log10(Math.abs(value))));
        return Math.rint(value * unit) / unit;
    }
}
