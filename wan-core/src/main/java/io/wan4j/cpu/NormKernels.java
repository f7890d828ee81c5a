package io.wan4j.cpu;

import io.wan4j.spi.Activation;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Tensor;

/** Norms over rows; sums in doubles. */
final class NormKernels {
    private final Workers workers;

    NormKernels(Workers workers) {
        this.workers = workers;
    }

    /** What a norm does to one row in place. */
    private interface RowWork {
        void apply(int row, float[] values);
    }

    private void eachRow(Tensor x, Tensor out, RowWork work) {
        Rows source = Rows.of(x);
        Quantiser.Sink sink = new Quantiser.Sink(out);
        workers.forRanges(source.count(), (a, b) -> {
            float[] values = new float[source.columns()];
            for (int row = a; row < b; row++) {
                source.read(row, values, 0);
                work.apply(row, values);
                sink.write(row, values, 0);
            }
        });
    }

    void normModulate(Tensor x, Tensor shift, Tensor scale, float eps, Tensor out) {
        float[] factors = Rows.all(scale);
        float[] shifts = Rows.all(shift);
        eachRow(x, out, (row, values) -> {
            standardise(values, eps);
            for (int i = 0; i < values.length; i++) {
                values[i] = values[i] * (1 + factors[i]) + shifts[i];
            }
        });
    }

    void layerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor out) {
        float[] factors = Rows.all(weight);
        float[] shifts = Rows.all(bias);
        eachRow(x, out, (row, values) -> {
            standardise(values, eps);
            for (int i = 0; i < values.length; i++) {
                values[i] = values[i] * factors[i] + shifts[i];
            }
        });
    }

    void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        float[] factors = Rows.all(weight);
        eachRow(x, out, (row, values) -> rms(values, factors, eps));
    }

    void rmsNormRope(Tensor x, Tensor weight, float eps, Rope rope, Tensor out) {
        float[] factors = Rows.all(weight);
        int pairs = Math.toIntExact(rope.table().shape().dim(1));
        Rows table = Rows.of(rope.table().reshape(rope.table().shape().dim(0), 2L * pairs));
        eachRow(x, out, (row, values) -> {
            rms(values, factors, eps);
            float[] angles = new float[2 * pairs];
            table.read(row, angles, 0);
            for (int head = 0; head < rope.heads(); head++) {
                rotate(values, head * 2 * pairs, angles);
            }
        });
    }

    private static void rotate(float[] values, int from, float[] angles) {
        for (int i = 0; i < angles.length; i += 2) {
            double cos = angles[i];
            double sin = angles[i + 1];
            double a = values[from + i];
            double b = values[from + i + 1];
            values[from + i] = (float) (a * cos - b * sin);
            values[from + i + 1] = (float) (a * sin + b * cos);
        }
    }

    void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
        float[] factors = Rows.all(gamma);
        double root = Math.sqrt(factors.length);
        eachRow(x, out, (row, values) -> {
            double factor = root / Math.max(Math.sqrt(sumOfSquares(values, 0)), 1e-12);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (values[i] * factor * factors[i]);
            }
            Pointwise.apply(activation, values, 0, values.length);
        });
    }

    private static void rms(float[] values, float[] weight, float eps) {
        double factor = 1 / Math.sqrt(sumOfSquares(values, 0) / values.length + eps);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * factor * weight[i]);
        }
    }

    private static void standardise(float[] values, float eps) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        double mean = sum / values.length;
        double factor = 1 / Math.sqrt(sumOfSquares(values, mean) / values.length + eps);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((values[i] - mean) * factor);
        }
    }

    private static double sumOfSquares(float[] values, double centre) {
        double sum = 0;
        for (float value : values) {
            double distance = value - centre;
            sum += distance * distance;
        }
        return sum;
    }
}
