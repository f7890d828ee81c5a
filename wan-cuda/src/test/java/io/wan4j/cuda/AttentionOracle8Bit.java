package io.wan4j.cuda;

import static io.wan4j.cuda.AttentionInputs.COLUMNS;
import static io.wan4j.cuda.AttentionInputs.ROWS;

import io.wan4j.tensor.FloatCodec;

/** Attention of one head in double precision, and with codes of 8 bits in the way of {@code attention_s8.cu}. */
final class AttentionOracle8Bit {
    private static final double SCALE = 1 / StrictMath.sqrt(COLUMNS);

    private final AttentionInputs in;

    AttentionOracle8Bit(AttentionInputs in) {
        this.in = in;
    }

    /** Codes of rows and what they were made from: {@code values - subtracted}. */
    private record Coded(double[] values, byte[] codes, double[] steps) {
        static Coded of(float[] x, double[] subtracted) {
            double[] values = new double[x.length];
            byte[] codes = new byte[x.length];
            double[] steps = new double[x.length / COLUMNS];
            for (int row = 0; row < steps.length; row++) {
                double largest = 1e-8;
                for (int i = row * COLUMNS; i < (row + 1) * COLUMNS; i++) {
                    values[i] = x[i] - subtracted[i % COLUMNS];
                    largest = Math.max(largest, Math.abs(values[i]));
                }
                steps[row] = largest / 127;
                for (int i = row * COLUMNS; i < (row + 1) * COLUMNS; i++) {
                    codes[i] = (byte) Math.rint(values[i] / steps[row]);
                }
            }
            return new Coded(values, codes, steps);
        }
    }

    /** Attention without rounding. */
    double[] exact() {
        double[] out = new double[ROWS * COLUMNS];
        for (int row = 0; row < ROWS; row++) {
            double[] scores = new double[in.keys()];
            for (int key = 0; key < in.keys(); key++) {
                for (int d = 0; d < COLUMNS; d++) {
                    scores[key] += SCALE * in.q()[row * COLUMNS + d] * in.k()[key * COLUMNS + d];
                }
            }
            average(softmax(scores), row, out);
        }
        return out;
    }

    /** Scores of 8-bit codes, P in F16, results in BF16; k loses its mean if {@code smooth}. */
    double[] coded(boolean smooth) {
        Coded q = Coded.of(in.q(), new double[COLUMNS]);
        Coded k = Coded.of(in.k(), smooth ? in.keyMean() : new double[COLUMNS]);
        double[] out = new double[ROWS * COLUMNS];
        for (int row = 0; row < ROWS; row++) {
            double[] scores = new double[in.keys()];
            for (int key = 0; key < in.keys(); key++) {
                int product = 0;
                for (int d = 0; d < COLUMNS; d++) {
                    product += q.codes()[row * COLUMNS + d] * k.codes()[key * COLUMNS + d];
                }
                scores[key] = SCALE * q.steps()[row] * k.steps()[key] * product;
            }
            average(inF16(scores), row, out);
        }
        for (int i = 0; i < out.length; i++) {
            out[i] = FloatCodec.bf16ToFloat(FloatCodec.floatToBf16((float) out[i]));
        }
        return out;
    }

    /**
     * The relative L2 error that 8-bit scores lead to, if every rounding to a code errs independently and uniformly
     * within half a step: {@code sqrt(sum p_j^2 (v_jd - out_d)^2 var_j / sum out_d^2)} with {@code var_j = scale^2 sum_d
     * (q_d^2 s_k^2 + k_d^2 s_q^2) / 12}, to first order.
     */
    double expectedError(boolean smooth, double[] exact) {
        Coded q = Coded.of(in.q(), new double[COLUMNS]);
        Coded k = Coded.of(in.k(), smooth ? in.keyMean() : new double[COLUMNS]);
        double error = 0;
        double result = 0;
        for (int row = 0; row < ROWS; row++) {
            double[] scores = new double[in.keys()];
            double[] variance = new double[in.keys()];
            for (int key = 0; key < in.keys(); key++) {
                double squares = 0;
                for (int d = 0; d < COLUMNS; d++) {
                    double a = q.values()[row * COLUMNS + d];
                    double b = k.values()[key * COLUMNS + d];
                    scores[key] += SCALE * a * b;
                    squares += square(a * k.steps()[key]) + square(b * q.steps()[row]);
                }
                variance[key] = SCALE * SCALE * squares / 12;
            }
            double[] p = softmax(scores);
            for (int key = 0; key < in.keys(); key++) {
                double spread = 0;
                for (int d = 0; d < COLUMNS; d++) {
                    spread += square(in.v()[key * COLUMNS + d] - exact[row * COLUMNS + d]);
                }
                error += p[key] * p[key] * variance[key] * spread;
            }
            for (int d = 0; d < COLUMNS; d++) {
                result += square(exact[row * COLUMNS + d]);
            }
        }
        return StrictMath.sqrt(error / result);
    }

    private static double square(double x) {
        return x * x;
    }

    private void average(double[] weights, int row, double[] out) {
        for (int key = 0; key < weights.length; key++) {
            for (int d = 0; d < COLUMNS; d++) {
                out[row * COLUMNS + d] += weights[key] * in.v()[key * COLUMNS + d];
            }
        }
    }

    private static double[] exponentials(double[] scores) {
        double top = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            top = Math.max(top, score);
        }
        double[] exponentials = new double[scores.length];
        for (int i = 0; i < scores.length; i++) {
            exponentials[i] = StrictMath.exp(scores[i] - top);
        }
        return exponentials;
    }

    private static double[] softmax(double[] scores) {
        double[] p = exponentials(scores);
        double sum = 0;
        for (double weight : p) {
            sum += weight;
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    /** Weights rounded to F16 over a sum that is not, as the kernel has them. */
    private static double[] inF16(double[] scores) {
        double[] p = exponentials(scores);
        double sum = 0;
        for (double weight : p) {
            sum += weight;
        }
        for (int i = 0; i < p.length; i++) {
            p[i] = FloatCodec.f16ToFloat(FloatCodec.floatToF16((float) p[i])) / sum;
        }
        return p;
    }

    /** |actual - exact| / |exact|, all elements. */
    static double relative(double[] actual, double[] exact) {
        double error = 0;
        double result = 0;
        for (int i = 0; i < exact.length; i++) {
            error += square(actual[i] - exact[i]);
            result += square(exact[i]);
        }
        return StrictMath.sqrt(error / result);
    }
}
