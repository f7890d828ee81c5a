package io.wan4j.cpu;

import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;

/** A weight as [out, everything else]: rows of numbers, and the factor of each row. */
final class WeightRows {
    private final Rows rows;
    private final float[] scales;

    private WeightRows(Tensor values, float[] scales) {
        long out = values.shape().dim(0);
        this.rows = Rows.of(values.reshape(out, out == 0 ? 0 : values.shape().count() / out));
        this.scales = scales;
    }

    static WeightRows of(Weight weight) {
        if (weight instanceof Scaled scaled) {
            return new WeightRows(scaled.codes(), Rows.all(scaled.scale()));
        }
        return of(((Dense) weight).values());
    }

    static WeightRows of(Tensor values) {
        return new WeightRows(values, new float[] {1});
    }

    int out() {
        return rows.count();
    }

    int in() {
        return rows.columns();
    }

    /** The factor of a row. */
    float scale(int row) {
        return scales.length == 1 ? scales[0] : scales[row];
    }

    /** Entries {@code first .. first + length} of a row, without its factor. */
    void read(int row, int first, int length, float[] target, int to) {
        rows.read(row, first, length, target, to);
    }
}
