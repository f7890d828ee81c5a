package io.wan4j.onednn;

import io.wan4j.spi.Activation;
import io.wan4j.tensor.Format;

/**
 * Arithmetic on pieces of arrays: everything between the products. Two implementations exist, one in plain loops and
 * one in explicit vectors; they agree within a few units in the last place of F32. Offsets come before counts.
 */
interface Lanes {
    /** For logs. */
    String name();

    /** Exact. */
    void fromBf16(short[] in, int from, float[] out, int to, int count);

    /** To nearest even. */
    void toBf16(float[] in, int from, short[] out, int to, int count);

    /** Exact. */
    default void fromF16(short[] in, int from, float[] out, int to, int count) {
        for (int i = 0; i < count; i++) {
            out[to + i] = io.wan4j.tensor.FloatCodec.f16ToFloat(in[from + i]);
        }
    }

    /** To nearest even. */
    default void toF16(float[] in, int from, short[] out, int to, int count) {
        for (int i = 0; i < count; i++) {
            out[to + i] = io.wan4j.tensor.FloatCodec.floatToF16(in[from + i]);
        }
    }

    /** The values of E4M3 or I8 codes as BF16, exact. */
    void codesToBf16(Format format, byte[] in, short[] out, int count);

    /** The values of E4M3 or I8 codes, exact. */
    void codesToFloat(Format format, byte[] in, float[] out, int count);

    /** E4M3 or I8 codes of x / scale: to nearest even, saturating. */
    void quantise(Format format, float[] x, int from, int count, float scale, byte[] out);

    /** Sum of x. */
    float sum(float[] x, int from, int count);

    /** Sum of (x - mean)^2. */
    float sumOfSquares(float[] x, int from, int count, float mean);

    /** Largest |x|, at least 0. */
    float maxAbs(float[] x, int from, int count);

    /** Largest x. */
    float max(float[] x, int from, int count);

    /** x = (x - mean) * factor * weight + bias. */
    void normalise(float[] x, int count, float mean, float factor, float[] weight, float[] bias);

    /** x = x * factor * weight. */
    void scale(float[] x, int from, int count, float factor, float[] weight);

    /** x = x * factor. */
    void scale(float[] x, int from, int count, float factor);

    /** Rotates the pairs x[2i], x[2i+1] by the angles whose cosine and sine are table[2i], table[2i+1]. */
    void rotate(float[] x, int from, int count, float[] table, int at);

    /** x = activation(x). */
    void activate(Activation activation, float[] x, int from, int count);

    /** x = x + y. */
    void add(float[] x, int from, float[] y, int at, int count);

    /** x = x + gate * y. */
    void addGated(float[] x, int from, float[] y, int at, float[] gate, int gateAt, int count);

    /** x = x * y. */
    void multiply(float[] x, int from, float[] y, int at, int count);

    /** x = x * factor + y. */
    void scaleAndAdd(float[] x, int from, int count, float factor, float[] y, int at);

    /** x = exp(x - shift). */
    void exp(float[] x, int from, int count, float shift);
}
