package io.wan4j.testkit;

import io.wan4j.testkit.ContractShapes.AttentionShape;

/** Softmax attention in double precision, row by row. */
final class AttentionOracle {
    private final ErrorModel errors;
    private final AttentionShape shape;
    private final double scale;
    private final int columns;

    AttentionOracle(ErrorModel errors, AttentionShape shape, double scale) {
        this.errors = errors;
        this.shape = shape;
        this.scale = scale;
        this.columns = shape.heads() * shape.headDim();
    }

    /** The bias of a head, query and key. */
    interface Bias {
        double at(int head, int query, int key);
    }

    /** Adds one context's attention to values and slack, both [queries, heads * headDim]. */
    void attend(double[] q, double[] key, double[] value, Bias bias, Expected sum) {
        for (int head = 0; head < shape.heads(); head++) {
            for (int i = 0; i < shape.queries(); i++) {
                row(q, key, value, bias, sum, head, i);
            }
        }
    }

    private void row(double[] q, double[] key, double[] value, Bias bias, Expected sum, int head, int i) {
        int keys = key.length / columns;
        double[] weights = new double[keys];
        double[] misses = new double[keys];
        double maximum = Double.NEGATIVE_INFINITY;
        int from = i * columns + head * shape.headDim();
        for (int j = 0; j < keys; j++) {
            double product = 0;
            double magnitude = 0;
            for (int d = 0; d < shape.headDim(); d++) {
                double term = q[from + d] * key[j * columns + head * shape.headDim() + d] * scale;
                product += term;
                magnitude += Math.abs(term);
            }
            double added = bias.at(head, i, j);
            weights[j] = product + added;
            // The scaled query may be rounded like an operand.
            misses[j] = (errors.sum(shape.headDim()) + errors.operand()) * magnitude
                    + 4 * errors.accumulation() * (Math.abs(product) + Math.abs(added));
            maximum = Math.max(maximum, weights[j]);
        }
        double total = 0;
        double worst = 0;
        for (int j = 0; j < keys; j++) {
            misses[j] += 4 * errors.accumulation() * Math.abs(weights[j] - maximum);
            weights[j] = Math.exp(weights[j] - maximum);
            total += weights[j];
            worst += weights[j] * misses[j];
        }
        worst /= total;
        for (int d = 0; d < shape.headDim(); d++) {
            mix(value, head * shape.headDim() + d, weights, misses, total, worst, sum, from + d);
        }
    }

    /** A weight p errs by p * (its score's error + the mean error), and by rounding it to an operand. */
    private void mix(
            double[] value,
            int column,
            double[] weights,
            double[] misses,
            double total,
            double worst,
            Expected sum,
            int at) {
        double result = 0;
        double miss = 0;
        for (int j = 0; j < weights.length; j++) {
            double term = weights[j] / total * value[j * columns + column];
            result += term;
            double relative = Math.expm1(misses[j] + worst) + errors.sum(weights.length) + 2 * errors.operand();
            miss += Math.abs(term) * relative;
        }
        sum.values()[at] += result;
        sum.slack()[at] += miss + 2 * errors.accumulation() * Math.abs(sum.values()[at]);
    }
}
