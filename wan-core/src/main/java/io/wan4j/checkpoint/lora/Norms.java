package io.wan4j.checkpoint.lora;

import io.wan4j.checkpoint.quantise.StoredRows;

/** Squared Frobenius norms. */
final class Norms {
    private static final int ROWS = 256;

    private Norms() {}

    /** Of a weight. */
    static double squared(StoredRows rows) {
        double sum = 0;
        float[] values = new float[ROWS * rows.columns()];
        for (int first = 0; first < rows.rows(); first += ROWS) {
            int count = Math.min(ROWS, rows.rows() - first);
            rows.read(first, count, values);
            for (int i = 0; i < count * rows.columns(); i++) {
                sum += (double) values[i] * values[i];
            }
        }
        return sum;
    }

    /** Of a change; of a product B A through the small matrices B'B and A A', without forming it. */
    static double squared(LoraPart part) {
        if (part instanceof LoraPart.Difference difference) {
            return squared(new StoredRows(
                    difference.values().reshape(1, difference.values().shape().count())));
        }
        LoraPart.LowRank pair = (LoraPart.LowRank) part;
        int rank = Math.toIntExact(pair.rank());
        float[] up = Change.floats(pair.up());
        float[] down = Change.floats(pair.down());
        int out = up.length / rank;
        int in = down.length / rank;
        double sum = 0;
        for (int i = 0; i < rank; i++) {
            for (int j = 0; j < rank; j++) {
                double ups = 0;
                for (int o = 0; o < out; o++) {
                    ups += (double) up[o * rank + i] * up[o * rank + j];
                }
                double downs = 0;
                for (int k = 0; k < in; k++) {
                    downs += (double) down[i * in + k] * down[j * in + k];
                }
                sum += ups * downs;
            }
        }
        return sum * pair.factor() * pair.factor();
    }
}
