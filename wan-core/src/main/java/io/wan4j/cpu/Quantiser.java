package io.wan4j.cpu;

import io.wan4j.error.ShapeException;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;

/**
 * Dynamic quantisation of activations, a row at a time: {@code s = max(amax, 1e-8) / (448 or 127)}, codes
 * {@code x / s} rounded to nearest even, saturating.
 */
final class Quantiser {
    private static final float FLOOR = 1e-8f;

    private Quantiser() {}

    /** Replaces a row by the numbers that its codes stand for, and gives its scale. */
    static float quantise(float[] row, int from, int count, Format format) {
        float amax = 0;
        for (int i = from; i < from + count; i++) {
            amax = Math.max(amax, Math.abs(row[i]));
        }
        float largest = largest(format);
        float scale = Math.max(amax, FLOOR) / largest;
        for (int i = from; i < from + count; i++) {
            float value = row[i] / scale;
            row[i] = format == Format.I8
                    ? (float) Math.rint(Math.max(-128f, Math.min(127f, value)))
                    : FloatCodec.e4m3ToFloat(FloatCodec.floatToE4m3(value));
        }
        return scale;
    }

    private static float largest(Format format) {
        return switch (format) {
            case I8 -> 127f;
            case F8_E4M3 -> 448f;
            default -> throw new ShapeException("quantise: expected F8_E4M3 or I8, got " + format);
        };
    }

    /** Where results go: a floating format, or codes with row scales. */
    static final class Sink {
        private final Rows values;
        private final Format format;
        private final Rows scales;
        private final boolean codes;

        Sink(Tensor out) {
            this.values = Rows.of(out);
            this.format = out.format();
            this.codes = out.scales().isPresent();
            this.scales = Rows.of(
                    out.scales().map(s -> s.reshape(s.shape().count(), 1)).orElse(out));
        }

        /** Takes a row; its array may be overwritten. */
        void write(int row, float[] source, int from) {
            if (codes) {
                float[] scale = {quantise(source, from, values.columns(), format)};
                values.writeCodes(row, source, from);
                scales.write(row, scale, 0);
            } else {
                values.write(row, source, from);
            }
        }
    }
}
