package io.wan4j.onednn;

import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;

/** 8-bit codes in native memory to floats and back, and the row-wise quantiser of activations. */
final class Codes {
    private static final int PIECE = 1 << 14;

    private Codes() {}

    /** Exact values of codes, as F32. */
    static void toFloats(Worker worker, Format format, ByteBuffer codes, View out) {
        int count = codes.remaining();
        int start = codes.position();
        byte[] bytes = worker.codes(PIECE);
        float[] values = worker.floats(0, PIECE);
        for (int at = 0; at < count; at += PIECE) {
            int here = Math.min(PIECE, count - at);
            codes.get(start + at, bytes, 0, here);
            worker.lanes().codesToFloat(format, bytes, values, here);
            out.putFloats(at, values, 0, here);
        }
    }

    /** Codes of values that are exactly codes. */
    static void fromFloats(Worker worker, View values, Format format, View codes) {
        float[] floats = worker.floats(0, PIECE);
        byte[] bytes = worker.codes(PIECE);
        short[] halves = worker.halves(PIECE);
        long count = values.count();
        for (long at = 0; at < count; at += PIECE) {
            int here = (int) Math.min(PIECE, count - at);
            values.read(at, floats, 0, here, worker.lanes(), halves);
            worker.lanes().quantise(format, floats, 0, here, 1f, bytes);
            codes.putCodes(at, bytes, 0, here);
        }
    }

    /** Decodes elements {@code from .. from + count} of codes to the format of out, exactly. */
    static void decode(Worker worker, View codes, View out, long from, long count) {
        byte[] bytes = worker.codes(PIECE);
        for (long at = from; at < from + count; at += PIECE) {
            int here = (int) Math.min(PIECE, from + count - at);
            codes.getCodes(at, bytes, 0, here);
            if (out.format() == Format.BF16) {
                short[] halves = worker.halves(PIECE);
                worker.lanes().codesToBf16(codes.format(), bytes, halves, here);
                out.putShorts(at, halves, 0, here);
            } else {
                float[] floats = worker.floats(0, PIECE);
                worker.lanes().codesToFloat(codes.format(), bytes, floats, here);
                out.putFloats(at, floats, 0, here);
            }
        }
    }

    /** Scale of a row whose largest magnitude is {@code most}. */
    static float rowScale(Format format, float most) {
        return Math.max(most, 1e-8f) / (format == Format.I8 ? 127f : 448f);
    }

    /** Quantises a row of floats to row {@code row} of codes; the result is its scale. */
    static float quantiseRow(Worker worker, float[] x, int columns, View codes, long row) {
        Lanes lanes = worker.lanes();
        float scale = rowScale(codes.format(), lanes.maxAbs(x, 0, columns));
        byte[] bytes = worker.codes(columns);
        lanes.quantise(codes.format(), x, 0, columns, scale, bytes);
        codes.putCodes(row * columns, bytes, 0, columns);
        return scale;
    }
}
