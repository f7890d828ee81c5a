package io.wan4j.onednn;

import io.wan4j.spi.Activation;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;

/** Plain loops, most of which the JIT compiler vectorises. */
final class PlainLanes implements Lanes {
    private static final short[] E4M3_AS_BF16 = new short[256];
    private static final float[] E4M3 = new float[256];

    static {
        for (int code = 0; code < 256; code++) {
            E4M3[code] = FloatCodec.e4m3ToFloat((byte) code);
            E4M3_AS_BF16[code] = FloatCodec.floatToBf16(E4M3[code]);
        }
    }

    @Override
    public String name() {
        return "plain loops";
    }

    @Override
    public void fromBf16(short[] in, int from, float[] out, int to, int count) {
        for (int i = 0; i < count; i++) {
            out[to + i] = Float.intBitsToFloat(in[from + i] << 16);
        }
    }

    @Override
    public void toBf16(float[] in, int from, short[] out, int to, int count) {
        for (int i = 0; i < count; i++) {
            float value = in[from + i];
            int bits = Float.floatToRawIntBits(value);
            int rounded = bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
            out[to + i] = (short) (Float.isNaN(value) ? bits >>> 16 | 0x40 : rounded);
        }
    }

    @Override
    public void codesToBf16(Format format, byte[] in, short[] out, int count) {
        if (format == Format.I8) {
            for (int i = 0; i < count; i++) {
                // An 8-bit integer has at most 8 significant bits: BF16 holds it exactly.
                out[i] = (short) (Float.floatToRawIntBits(in[i]) >>> 16);
            }
        } else {
            for (int i = 0; i < count; i++) {
                out[i] = E4M3_AS_BF16[in[i] & 0xFF];
            }
        }
    }

    @Override
    public void codesToFloat(Format format, byte[] in, float[] out, int count) {
        if (format == Format.I8) {
            for (int i = 0; i < count; i++) {
                out[i] = in[i];
            }
        } else {
            for (int i = 0; i < count; i++) {
                out[i] = E4M3[in[i] & 0xFF];
            }
        }
    }

    @Override
    public void quantise(Format format, float[] x, int from, int count, float scale, byte[] out) {
        if (format == Format.I8) {
            for (int i = 0; i < count; i++) {
                out[i] = integer(x[from + i] / scale);
            }
        } else {
            for (int i = 0; i < count; i++) {
                out[i] = e4m3(x[from + i] / scale);
            }
        }
    }

    /** The code of one value. */
    static byte code(Format format, float value) {
        return format == Format.I8 ? integer(value) : e4m3(value);
    }

    /** The value of one code. */
    static float decode(Format format, byte code) {
        return format == Format.I8 ? code : E4M3[code & 0xFF];
    }

    private static byte integer(float value) {
        // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
        return (byte) Float.floatToRawIntBits(Math.min(127f, Math.max(-128f, value)) + 0x1.8p23f);
    }

    private static byte e4m3(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 24 & 0x80;
        float magnitude = Math.min(Math.abs(value), 448f);
        int code;
        if (magnitude < 0x1p-6f) {
            // Below the normal range codes count steps of 2^-9, the last place of numbers around 2^14.
            code = Float.floatToRawIntBits(magnitude + 0x1p14f) - Float.floatToRawIntBits(0x1p14f);
        } else {
            int m = Float.floatToRawIntBits(magnitude);
            code = (m + 0x7FFFF + (m >>> 20 & 1) >>> 20) - (120 << 3);
        }
        return (byte) (sign | code);
    }

    @Override
    public float sum(float[] x, int from, int count) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = 0;
        for (; i + 4 <= count; i += 4) {
            a += x[from + i];
            b += x[from + i + 1];
            c += x[from + i + 2];
            d += x[from + i + 3];
        }
        for (; i < count; i++) {
            a += x[from + i];
        }
        return a + b + (c + d);
    }

    @Override
    public float sumOfSquares(float[] x, int from, int count, float mean) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = 0;
        for (; i + 4 <= count; i += 4) {
            float p = x[from + i] - mean;
            float q = x[from + i + 1] - mean;
            float r = x[from + i + 2] - mean;
            float s = x[from + i + 3] - mean;
            a += p * p;
            b += q * q;
            c += r * r;
            d += s * s;
        }
        for (; i < count; i++) {
            float p = x[from + i] - mean;
            a += p * p;
        }
        return a + b + (c + d);
    }

    @Override
    public float maxAbs(float[] x, int from, int count) {
        float most = 0;
        for (int i = 0; i < count; i++) {
            most = Math.max(most, Math.abs(x[from + i]));
        }
        return most;
    }

    @Override
    public float max(float[] x, int from, int count) {
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            most = Math.max(most, x[from + i]);
        }
        return most;
    }

    @Override
    public void normalise(float[] x, int count, float mean, float factor, float[] weight, float[] bias) {
        for (int i = 0; i < count; i++) {
            x[i] = (x[i] - mean) * factor * weight[i] + bias[i];
        }
    }

    @Override
    public void scale(float[] x, int from, int count, float factor, float[] weight) {
        for (int i = 0; i < count; i++) {
            x[from + i] = x[from + i] * factor * weight[i];
        }
    }

    @Override
    public void scale(float[] x, int from, int count, float factor) {
        for (int i = 0; i < count; i++) {
            x[from + i] *= factor;
        }
    }

    @Override
    public void rotate(float[] x, int from, int count, float[] table, int at) {
        for (int i = 0; i < count; i += 2) {
            float a = x[from + i];
            float b = x[from + i + 1];
            float cos = table[at + i];
            float sin = table[at + i + 1];
            x[from + i] = a * cos - b * sin;
            x[from + i + 1] = a * sin + b * cos;
        }
    }

    @Override
    public void activate(Activation activation, float[] x, int from, int count) {
        switch (activation) {
            case IDENTITY -> {}
            case SILU -> {
                for (int i = from; i < from + count; i++) {
                    x[i] = x[i] * Scalars.sigmoid(x[i]);
                }
            }
            case GELU_TANH -> {
                for (int i = from; i < from + count; i++) {
                    x[i] = Scalars.geluTanh(x[i]);
                }
            }
            case GELU_ERF -> {
                for (int i = from; i < from + count; i++) {
                    x[i] = Scalars.geluErf(x[i]);
                }
            }
        }
    }

    @Override
    public void add(float[] x, int from, float[] y, int at, int count) {
        for (int i = 0; i < count; i++) {
            x[from + i] += y[at + i];
        }
    }

    @Override
    public void addGated(float[] x, int from, float[] y, int at, float[] gate, int gateAt, int count) {
        for (int i = 0; i < count; i++) {
            x[from + i] += gate[gateAt + i] * y[at + i];
        }
    }

    @Override
    public void multiply(float[] x, int from, float[] y, int at, int count) {
        for (int i = 0; i < count; i++) {
            x[from + i] *= y[at + i];
        }
    }

    @Override
    public void scaleAndAdd(float[] x, int from, int count, float factor, float[] y, int at) {
        for (int i = 0; i < count; i++) {
            x[from + i] = x[from + i] * factor + y[at + i];
        }
    }

    @Override
    public void exp(float[] x, int from, int count, float shift) {
        for (int i = from; i < from + count; i++) {
            x[i] = Scalars.exp(x[i] - shift);
        }
    }
}
