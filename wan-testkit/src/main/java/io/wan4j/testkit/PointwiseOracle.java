package io.wan4j.testkit;

import io.wan4j.spi.Activation;

/** The pointwise functions in double precision, written from their definitions. */
final class PointwiseOracle {
    /** No slope of the functions is steeper: GELU's largest is 1.129. */
    private static final double STEEPEST = 1.13;

    private PointwiseOracle() {}

    static double of(Activation activation, double x) {
        return switch (activation) {
            case IDENTITY -> x;
            case SILU -> x < -700 ? 0 : x / (1 + Math.exp(-x));
            case GELU_TANH -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case GELU_ERF -> x / 2 * (1 + erf(x / Math.sqrt(2)));
        };
    }

    /** The function of values known within a slack; it adds roundings relative to its argument. */
    static Expected of(Activation activation, Expected x, ErrorModel errors) {
        double[] values = new double[x.values().length];
        double[] slack = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = of(activation, x.values()[i]);
            double own = activation == Activation.IDENTITY ? 0 : 8 * errors.accumulation() * Math.abs(x.values()[i]);
            // Far below zero the functions vanish, and so do their roundings.
            double vanishing = x.values()[i] < -20 ? Math.abs(values[i]) + 1e-7 : Double.POSITIVE_INFINITY;
            slack[i] = STEEPEST * x.slack()[i] + Math.min(own, vanishing);
        }
        return new Expected(values, slack);
    }

    /** Maclaurin series near 0, Lentz's continued fraction of the complement beyond. */
    static double erf(double x) {
        double z = Math.abs(x);
        if (z > 6) {
            return Math.signum(x);
        }
        double value = z < 2.5 ? maclaurin(z) : 1 - complement(z);
        return x < 0 ? -value : value;
    }

    private static double maclaurin(double x) {
        double power = x;
        double sum = x;
        for (int n = 1; n < 100; n++) {
            power *= -x * x / n;
            sum += power / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    private static double complement(double x) {
        double fraction = 0;
        for (int n = 60; n > 0; n--) {
            fraction = n / 2.0 / (x + fraction);
        }
        return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + fraction));
    }
}
