package io.wan4j.testkit;

/** Norms over rows in double precision, with the error of a computation in F32 that subtracts the mean first. */
final class NormOracle {
    private final ErrorModel errors;
    private final int columns;

    NormOracle(ErrorModel errors, int columns) {
        this.errors = errors;
        this.columns = columns;
    }

    /** (x - mean) / sqrt(var + eps) * factor + shift. */
    Expected layerNorm(float[] x, float eps, double[] factor, float[] shift) {
        double[] values = new double[x.length];
        double[] slack = new double[x.length];
        for (int from = 0; from < x.length; from += columns) {
            double mean = 0;
            double magnitude = 0;
            for (int i = from; i < from + columns; i++) {
                mean += x[i] / (double) columns;
                magnitude += Math.abs(x[i]) / (double) columns;
            }
            double variance = 0;
            for (int i = from; i < from + columns; i++) {
                variance += (x[i] - mean) * (x[i] - mean) / columns;
            }
            double inverse = 1 / Math.sqrt(variance + eps);
            // An error of the mean is an error of the variance only squared.
            double meanError = errors.sum(columns) * magnitude;
            double inverseError = 0.5 * (errors.sum(columns) + meanError * meanError * inverse * inverse);
            for (int i = from; i < from + columns; i++) {
                double standard = (x[i] - mean) * inverse;
                double scaled = standard * factor[i - from];
                values[i] = scaled + shift[i - from];
                double miss = (meanError + 2 * errors.accumulation() * (Math.abs(x[i]) + Math.abs(mean))) * inverse;
                slack[i] = miss * Math.abs(factor[i - from])
                        + (inverseError + 4 * errors.accumulation()) * Math.abs(scaled)
                        + 2 * errors.accumulation() * (Math.abs(scaled) + Math.abs(shift[i - from]))
                        + 2 * errors.accumulation() * Math.abs(standard);
            }
        }
        return new Expected(values, slack);
    }

    /** weight * x / sqrt(mean(x^2) + eps). */
    Expected rmsNorm(float[] x, float eps, float[] weight) {
        double[] values = new double[x.length];
        double[] slack = new double[x.length];
        for (int from = 0; from < x.length; from += columns) {
            double factor = 1 / Math.sqrt(squares(x, from) / columns + eps);
            scale(x, from, factor, weight, values, slack);
        }
        return new Expected(values, slack);
    }

    /** x / max(norm2(x), 1e-12) * sqrt(C) * gamma. */
    Expected channelNorm(float[] x, float[] gamma) {
        double[] values = new double[x.length];
        double[] slack = new double[x.length];
        for (int from = 0; from < x.length; from += columns) {
            double factor = Math.sqrt(columns) / Math.max(Math.sqrt(squares(x, from)), 1e-12);
            scale(x, from, factor, gamma, values, slack);
        }
        return new Expected(values, slack);
    }

    private double squares(float[] x, int from) {
        double sum = 0;
        for (int i = from; i < from + columns; i++) {
            sum += (double) x[i] * x[i];
        }
        return sum;
    }

    private void scale(float[] x, int from, double factor, float[] weight, double[] values, double[] slack) {
        double relative = 0.5 * errors.sum(columns) + 5 * errors.accumulation();
        for (int i = from; i < from + columns; i++) {
            values[i] = x[i] * factor * weight[i - from];
            slack[i] = relative * Math.abs(values[i]);
        }
    }

    /** Rotates the pairs of every head of rows [rows, heads * 2 * pairs] by the angles of the row. */
    Expected rotated(Expected x, float[] table, int pairs) {
        double[] values = x.values().clone();
        double[] slack = x.slack().clone();
        for (int i = 0; i < values.length; i += 2) {
            int angle = (i / columns * pairs + i % columns / 2 % pairs) * 2;
            double cos = table[angle];
            double sin = table[angle + 1];
            double a = x.values()[i];
            double b = x.values()[i + 1];
            values[i] = a * cos - b * sin;
            values[i + 1] = a * sin + b * cos;
            double rounding = 3 * errors.accumulation();
            slack[i] = miss(x, i, cos, sin) + rounding * (Math.abs(a * cos) + Math.abs(b * sin));
            slack[i + 1] = miss(x, i, sin, cos) + rounding * (Math.abs(a * sin) + Math.abs(b * cos));
        }
        return new Expected(values, slack);
    }

    private static double miss(Expected x, int i, double first, double second) {
        return x.slack()[i] * Math.abs(first) + x.slack()[i + 1] * Math.abs(second);
    }
}
