package io.wan4j.testkit;

import java.util.Locale;

/**
 * How far an array is from what was expected.
 *
 * @param what name of the compared values, for messages
 * @param measure how the distance is measured
 * @param error the distance; infinite where a value is NaN or infinite and should not be
 * @param bound the largest distance that passes
 * @param worst index of the element that is farthest off, in units of the measure; -1 for empty arrays
 * @param expected the expected value there
 * @param actual the actual value there
 */
public record Comparison(
        String what, Measure measure, double error, double bound, int worst, double expected, double actual) {
    /** Ways to measure a distance. */
    public enum Measure {
        /** max|a - e| / max|e|. */
        MAX_RELATIVE,
        /** ||a - e|| / ||e||. */
        RELATIVE_L2,
        /** max|a - e|. */
        ABSOLUTE,
        /** max(|a - e| / b) with a bound b for every element; 1 passes. */
        OF_ELEMENT_BOUND
    }

    /** max|a - e| / max|e|: the measure of the golden vectors. */
    public static Comparison maxRelative(String what, float[] expected, float[] actual, double bound) {
        return maxRelative(what, Doubles.of(expected), Doubles.of(actual), bound);
    }

    /** max|a - e| / max|e|: the measure of the golden vectors. */
    public static Comparison maxRelative(String what, double[] expected, double[] actual, double bound) {
        double largest = 0;
        for (double value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        double unit = largest == 0 ? 1 : largest;
        return worst(what, Measure.MAX_RELATIVE, expected, actual, bound, index -> unit);
    }

    /** max|a - e|. */
    public static Comparison absolute(String what, float[] expected, float[] actual, double bound) {
        return worst(what, Measure.ABSOLUTE, Doubles.of(expected), Doubles.of(actual), bound, index -> 1);
    }

    /** max(|a - e| / b), to be at most 1. */
    public static Comparison within(String what, double[] expected, double[] actual, double[] bounds) {
        return worst(what, Measure.OF_ELEMENT_BOUND, expected, actual, 1, index -> bounds[index]);
    }

    /** ||a - e|| / ||e||; the worst element is the one with the largest difference. */
    public static Comparison relativeL2(String what, float[] expected, float[] actual, double bound) {
        Comparison largest = absolute(what, expected, actual, bound);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            double d = (double) actual[i] - expected[i];
            difference += d * d;
            norm += (double) expected[i] * expected[i];
        }
        double error = Math.sqrt(difference / (norm == 0 ? 1 : norm));
        return new Comparison(
                what,
                Measure.RELATIVE_L2,
                Double.isFinite(error) ? error : Double.POSITIVE_INFINITY,
                bound,
                largest.worst(),
                largest.expected(),
                largest.actual());
    }

    /** What an element's difference is divided by. */
    private interface Unit {
        double at(int index);
    }

    private static Comparison worst(
            String what, Measure measure, double[] expected, double[] actual, double bound, Unit unit) {
        if (expected.length != actual.length) {
            throw new AssertionError(what + ": expected " + expected.length + " values, got " + actual.length);
        }
        double error = 0;
        int worst = expected.length == 0 ? -1 : 0;
        for (int i = 0; i < expected.length; i++) {
            double ratio = ratio(expected[i], actual[i], unit.at(i));
            if (ratio > error) {
                error = ratio;
                worst = i;
            }
        }
        return new Comparison(
                what, measure, error, bound, worst, worst < 0 ? 0 : expected[worst], worst < 0 ? 0 : actual[worst]);
    }

    private static double ratio(double expected, double actual, double unit) {
        if (Double.compare(expected, actual) == 0 || expected == actual) {
            return 0;
        }
        double ratio = Math.abs(actual - expected) / unit;
        return Double.isFinite(ratio) ? ratio : Double.POSITIVE_INFINITY;
    }

    /** Whether the error is within the bound. */
    public boolean passed() {
        return error <= bound;
    }

    /**
     * This comparison, if it passed.
     *
     * @throws AssertionError if it failed; the message is {@link #toString}
     */
    public Comparison check() {
        if (!passed()) {
            throw new AssertionError(toString());
        }
        return this;
    }

    /** One line: what, error, bound, and the worst element. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s: %s error %.3g, bound %.3g; worst at index %d: expected %.9g, got %.9g",
                what,
                measure.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                error,
                bound,
                worst,
                expected,
                actual);
    }
}
