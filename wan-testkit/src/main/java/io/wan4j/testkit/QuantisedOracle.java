package io.wan4j.testkit;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;

/** Dynamic quantisation: {@code s = max(amax, 1e-8) / (448 or 127)}, codes x / s rounded to nearest even. */
final class QuantisedOracle {
    private static final double FLOOR = 1e-8;

    /** Relative error of x / s in floats, within which a code may fall to either side of a tie. */
    private static final double QUOTIENT_ERROR = 4e-7;

    private QuantisedOracle() {}

    /**
     * Values that a matrix product sees, and by how much each may be another one.
     *
     * @param values row-major
     * @param doubt at least 0
     */
    record Operand(double[] values, double[] doubt) {
        /** Values that may be rounded with this relative error. */
        static Operand rounded(double[] values, double relative) {
            double[] doubt = new double[values.length];
            for (int i = 0; i < doubt.length; i++) {
                doubt[i] = Math.abs(values[i]) * relative;
            }
            return new Operand(values, doubt);
        }
    }

    static double largest(Format format) {
        return format == Format.I8 ? 127 : 448;
    }

    /** What remains of rows of x after quantisation; the doubt is a code step where x / s is near a tie. */
    static Operand quantise(float[] x, int columns, Format format) {
        double[] values = new double[x.length];
        double[] doubt = new double[x.length];
        for (int row = 0; row < x.length / columns; row++) {
            float amax = 0;
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                amax = Math.max(amax, Math.abs(x[i]));
            }
            double scale = Math.max(amax, FLOOR) / largest(format);
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                double quotient = x[i] / scale;
                values[i] = nearest(quotient, format) * scale;
                double below = nearest(quotient * (1 - QUOTIENT_ERROR), format);
                double above = nearest(quotient * (1 + QUOTIENT_ERROR), format);
                doubt[i] = Math.abs(above - below) * scale;
            }
        }
        return new Operand(values, doubt);
    }

    private static double nearest(double value, Format format) {
        double limited = Math.max(-largest(format), Math.min(largest(format), value));
        return format == Format.I8
                ? Math.rint(limited)
                : FloatCodec.e4m3ToFloat(FloatCodec.floatToE4m3((float) limited));
    }

    /** Distance between neighbouring codes around a magnitude in units of the scale. */
    private static double step(double magnitude, Format format) {
        if (format == Format.I8) {
            return 1;
        }
        return Math.scalb(1.0, Math.max(Math.getExponent(Math.min(magnitude, 448)), -6) - 3);
    }

    /** Compares scales with what the rows' largest values ask for, and codes times scale with the values. */
    static void check(Expected expected, Tensor out, float[] codes, float[] scales) {
        int columns = Math.toIntExact(out.shape().columns());
        double limit = largest(out.format());
        double[] wantedScales = new double[scales.length];
        double[] scaleBounds = new double[scales.length];
        double[] actual = new double[codes.length];
        double[] bounds = new double[codes.length];
        for (int row = 0; row < scales.length; row++) {
            double amax = 0;
            double slack = 0;
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                amax = Math.max(amax, Math.abs(expected.values()[i]));
                slack = Math.max(slack, expected.slack()[i]);
            }
            wantedScales[row] = Math.max(amax, FLOOR) / limit;
            scaleBounds[row] = slack / limit + 0x1p-22 * wantedScales[row];
            double scaleError = scaleBounds[row] / wantedScales[row];
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                double magnitude = Math.abs(expected.values()[i]) + expected.slack()[i];
                actual[i] = (double) codes[i] * scales[row];
                bounds[i] = expected.slack()[i]
                        + magnitude * (scaleError + QUOTIENT_ERROR)
                        + 0.5 * scales[row] * step(magnitude * (1 + 1e-6) / wantedScales[row], out.format());
            }
        }
        Comparison.within("row scales of " + out, wantedScales, Doubles.of(scales), scaleBounds)
                .check();
        Comparison.within("codes times scale of " + out, expected.values(), actual, bounds)
                .check();
    }
}
