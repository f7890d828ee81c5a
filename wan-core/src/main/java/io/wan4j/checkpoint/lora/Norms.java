package io.wan4j.checkpoint.lora;

import io.wan4j.checkpoint.quantise.StoredRows;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Squared Frobenius norms. */
final class Norms {
    /** Bytes of a piece that is read at a time: so few are copied and not mapped, which bounds memory. */
    private static final int PIECE = 1 << 16;

    private Norms() {}

    /** Of a weight. */
    static double squared(StoredRows rows) {
        int piece = Math.max(1, PIECE / (Float.BYTES * Math.max(1, rows.columns())));
        double[] sums = new double[(rows.rows() + piece - 1) / piece];
        IntStream.range(0, sums.length).parallel().forEach(group -> {
            int first = group * piece;
            int count = Math.min(piece, rows.rows() - first);
            float[] values = new float[count * rows.columns()];
            rows.read(first, count, values);
            for (float value : values) {
                sums[group] += (double) value * value;
            }
        });
        return Arrays.stream(sums).sum();
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
