package io.wan4j.cpu;

/**
 * The error function, by cubic Hermite interpolation of a table that is built from its series; the derivative is known
 * exactly. Absolute error below 1e-10.
 */
final class Erf {
    private static final int STEPS_PER_UNIT = 128;
    private static final int LIMIT = 6;
    private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);
    private static final double[] VALUES = new double[LIMIT * STEPS_PER_UNIT + 2];
    private static final double[] SLOPES = new double[VALUES.length];

    static {
        for (int i = 0; i < VALUES.length; i++) {
            double x = (double) i / STEPS_PER_UNIT;
            VALUES[i] = series(x);
            SLOPES[i] = TWO_OVER_SQRT_PI * Math.exp(-x * x) / STEPS_PER_UNIT;
        }
    }

    private Erf() {}

    /** erf(x). */
    static double of(double x) {
        double position = Math.abs(x) * STEPS_PER_UNIT;
        if (!(position < LIMIT * STEPS_PER_UNIT)) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        int i = (int) position;
        double t = position - i;
        double rise = VALUES[i + 1] - VALUES[i];
        double a = SLOPES[i] - rise;
        double b = rise - SLOPES[i + 1];
        double value = VALUES[i] + t * rise + t * (1 - t) * ((1 - t) * a + t * b);
        return x < 0 ? -value : value;
    }

    /** {@code 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (1 3 5 .. (2n+1))}: all terms positive, so nothing cancels. */
    private static double series(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; term > 1e-18 * sum; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
    }
}
