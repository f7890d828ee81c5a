package io.wan4j.media;

import java.util.function.DoubleUnaryOperator;

/** Which input samples, with which weights, make each output sample along one axis. */
final class ResampleWeights {
    private final int[] first;
    private final double[][] weights;

    private ResampleWeights(int out) {
        first = new int[out];
        weights = new double[out][];
    }

    /** Four taps around the centre; taps outside are given to the border sample. */
    static ResampleWeights interpolating(int in, int out, DoubleUnaryOperator kernel) {
        ResampleWeights table = new ResampleWeights(out);
        for (int i = 0; i < out; i++) {
            double centre = (i + 0.5) * in / out - 0.5;
            int base = (int) Math.floor(centre);
            int low = clamp(base - 1, in);
            double[] w = new double[clamp(base + 2, in) - low + 1];
            for (int tap = base - 1; tap <= base + 2; tap++) {
                w[clamp(tap, in) - low] += kernel.applyAsDouble(centre - tap);
            }
            table.first[i] = low;
            table.weights[i] = w;
        }
        return table;
    }

    /** All samples under the kernel, which is widened by the factor of shrinking; normalised to a sum of 1. */
    static ResampleWeights antialiased(int in, int out, double radius, DoubleUnaryOperator kernel) {
        ResampleWeights table = new ResampleWeights(out);
        double scale = (double) in / out;
        double stretch = Math.max(scale, 1);
        double support = radius * stretch;
        for (int i = 0; i < out; i++) {
            double centre = scale * (i + 0.5);
            int low = Math.max((int) (centre - support + 0.5), 0);
            int high = Math.min((int) (centre + support + 0.5), in);
            double[] w = new double[high - low];
            double sum = 0;
            for (int j = 0; j < w.length; j++) {
                w[j] = kernel.applyAsDouble((j + low - centre + 0.5) / stretch);
                sum += w[j];
            }
            for (int j = 0; j < w.length; j++) {
                w[j] /= sum;
            }
            table.first[i] = low;
            table.weights[i] = w;
        }
        return table;
    }

    private static int clamp(int index, int extent) {
        return Math.max(0, Math.min(extent - 1, index));
    }

    /** Resamples one line of samples. */
    void apply(double[] in, double[] out) {
        for (int i = 0; i < out.length; i++) {
            double[] w = weights[i];
            double sum = 0;
            for (int j = 0; j < w.length; j++) {
                sum += w[j] * in[first[i] + j];
            }
            out[i] = sum;
        }
    }

    /** Output sample {@code index} of every column at once: a weighted sum of rows, stored from {@code at}. */
    void sumRows(int index, double[][] rows, float[] out, int at) {
        double[] sum = new double[rows[0].length];
        for (int j = 0; j < weights[index].length; j++) {
            double w = weights[index][j];
            double[] row = rows[first[index] + j];
            for (int x = 0; x < sum.length; x++) {
                sum[x] += w * row[x];
            }
        }
        for (int x = 0; x < sum.length; x++) {
            out[at + x] = (float) sum[x];
        }
    }
}
