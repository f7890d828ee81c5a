package io.wan4j.checkpoint.quantise;

import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import java.nio.ByteBuffer;

/** A stored weight as rows of floats, codes multiplied by their scales. The first axis counts rows. */
public final class StoredRows {
    private final StoredTensor values;
    private final float[] scales;
    private final int columns;

    /** Rows of a weight. */
    public StoredRows(StoredWeight weight) {
        this.values = weight.values();
        this.scales = weight.scale().map(StoredRows::floats).orElseGet(() -> new float[0]);
        long rows = values.shape().dim(0);
        this.columns = Math.toIntExact(rows == 0 ? 0 : values.shape().count() / rows);
    }

    /** Rows of a tensor in a floating format. */
    public StoredRows(StoredTensor dense) {
        this(StoredWeight.dense(dense));
    }

    /** All elements of a small tensor. */
    static float[] floats(StoredTensor tensor) {
        float[] all = new float[Math.toIntExact(tensor.shape().count())];
        FloatCodec.decode(tensor.format(), tensor.read(0, tensor.bytes()), 0, all, 0, all.length);
        return all;
    }

    /** Number of rows. */
    public int rows() {
        return Math.toIntExact(values.shape().dim(0));
    }

    /** Elements of a row. */
    public int columns() {
        return columns;
    }

    /** Reads rows {@code first .. first + count} to the start of {@code target}. */
    public void read(int first, int count, float[] target) {
        long rowBytes = (long) columns * values.format().bytes();
        ByteBuffer bytes = values.read(first * rowBytes, count * rowBytes);
        int total = Math.multiplyExact(count, columns);
        if (values.format().isFloat()) {
            FloatCodec.decode(values.format(), bytes, 0, target, 0, total);
        } else if (values.format() == Format.I8) {
            for (int i = 0; i < total; i++) {
                target[i] = bytes.get(i);
            }
        } else {
            throw new CheckpointException(values.name() + ": expected a floating format or 8-bit codes, got "
                    + values.format() + " in " + values.location());
        }
        for (int r = 0; scales.length > 0 && r < count; r++) {
            float scale = scales.length == 1 ? scales[0] : scales[first + r];
            for (int i = r * columns; i < (r + 1) * columns; i++) {
                target[i] *= scale;
            }
        }
    }
}
