package io.wan4j.quant;

import io.wan4j.checkpoint.quantise.RowQuantiser;
import io.wan4j.checkpoint.quantise.StoredRows;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.StoredTensor;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Makes the bytes of some rows of an output tensor. Thread-safe. */
sealed interface RowEncoder {
    /** Writes rows {@code first .. first + count} to byte {@code at} of {@code out}, which is little-endian. */
    void encode(int first, int count, ByteBuffer out, int at);

    /** Bytes of a row of the output. */
    long rowBytes();

    /** Bytes of a row of the input, by which work is cut into pieces. */
    long inputRowBytes();

    /** The stored bytes as they are. */
    record Copy(StoredTensor source, long rowBytes) implements RowEncoder {
        @Override
        public void encode(int first, int count, ByteBuffer out, int at) {
            out.put(at, source.read(first * rowBytes, count * rowBytes), 0, Math.toIntExact(count * rowBytes));
        }

        @Override
        public long inputRowBytes() {
            return rowBytes;
        }
    }

    /** Values in another floating format. */
    record Cast(StoredRows rows, Format format, ErrorSum error) implements RowEncoder {
        @Override
        public void encode(int first, int count, ByteBuffer out, int at) {
            int total = count * rows.columns();
            float[] values = new float[total];
            rows.read(first, count, values);
            FloatCodec.encode(format, values, 0, total, out, at);
            float[] back = new float[total];
            FloatCodec.decode(format, out, at, back, 0, total);
            double lost = 0;
            double all = 0;
            for (int i = 0; i < total; i++) {
                double difference = (double) back[i] - values[i];
                lost += difference * difference;
                all += (double) values[i] * values[i];
            }
            error.add(lost, all);
        }

        @Override
        public long rowBytes() {
            return (long) rows.columns() * format.bytes();
        }

        @Override
        public long inputRowBytes() {
            return (long) rows.columns() * Float.BYTES;
        }
    }

    /** Scales of rows, computed when they are first asked for. */
    final class Scales {
        private final String name;
        private final StoredRows rows;
        private final RowQuantiser quantiser;
        private final float[] known;

        Scales(String name, StoredRows rows, RowQuantiser quantiser) {
            this.name = name;
            this.rows = rows;
            this.quantiser = quantiser;
            this.known = new float[quantiser.scheme().byRow() ? rows.rows() : 1];
        }

        /** The scale of a row whose values start at {@code from}. */
        float of(int row, float[] values, int from) {
            if (!quantiser.scheme().byRow()) {
                return whole();
            }
            if (known[row] == 0) {
                known[row] = checked(RowQuantiser.amax(values, from, rows.columns()), row);
            }
            return known[row];
        }

        private float checked(float amax, int row) {
            float scale = quantiser.scale(amax);
            if (!Float.isFinite(amax) || !(scale > 0)) {
                throw new CheckpointException(
                        name + ": expected finite values to quantise, got " + amax + " as the largest of row " + row);
            }
            return scale;
        }

        /** The one scale of the tensor. */
        synchronized float whole() {
            if (known[0] == 0) {
                float amax = 0;
                float[] row = new float[rows.columns()];
                for (int r = 0; r < rows.rows(); r++) {
                    rows.read(r, 1, row);
                    amax = Math.max(amax, RowQuantiser.amax(row, 0, row.length));
                }
                known[0] = checked(amax, 0);
            }
            return known[0];
        }
    }

    /** Codes of a quantised weight. */
    record Codes(StoredRows rows, RowQuantiser quantiser, Scales scales, ErrorSum error) implements RowEncoder {
        @Override
        public void encode(int first, int count, ByteBuffer out, int at) {
            int columns = rows.columns();
            float[] values = new float[count * columns];
            rows.read(first, count, values);
            double lost = 0;
            double all = 0;
            for (int r = 0; r < count; r++) {
                float scale = scales.of(first + r, values, r * columns);
                int to = at + r * columns;
                quantiser.encode(values, r * columns, columns, scale, out, to);
                for (int i = 0; i < columns; i++) {
                    float value = values[r * columns + i];
                    double back = RowQuantiser.decode(quantiser.scheme().codes(), out.get(to + i)) * (double) scale;
                    lost += (back - value) * (back - value);
                    all += (double) value * value;
                }
            }
            error.add(lost, all);
        }

        @Override
        public long rowBytes() {
            return rows.columns();
        }

        @Override
        public long inputRowBytes() {
            return (long) rows.columns() * Float.BYTES;
        }
    }

    /** Scales of a quantised weight, one a row or one for all. */
    record ScaleRows(StoredRows rows, RowQuantiser quantiser, Scales scales) implements RowEncoder {
        @Override
        public void encode(int first, int count, ByteBuffer out, int at) {
            float[] made = new float[count];
            if (quantiser.scheme().byRow()) {
                float[] values = new float[rows.columns()];
                for (int r = 0; r < count; r++) {
                    rows.read(first + r, 1, values);
                    made[r] = scales.of(first + r, values, 0);
                }
            } else {
                Arrays.fill(made, scales.whole());
            }
            FloatCodec.encode(quantiser.scaleFormat(), made, 0, count, out, at);
        }

        @Override
        public long rowBytes() {
            return quantiser.scaleFormat().bytes();
        }

        @Override
        public long inputRowBytes() {
            return (long) rows.columns() * Float.BYTES;
        }
    }
}
