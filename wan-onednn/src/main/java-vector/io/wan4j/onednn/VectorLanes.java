package io.wan4j.onednn;

import static jdk.incubator.vector.VectorOperators.*;

import io.wan4j.spi.Activation;
import io.wan4j.tensor.Format;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Explicit vectors of the JVM's preferred width; what is left over at the end of a row goes through plain loops. */
final class VectorLanes implements Lanes {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final int N = F.length();
    private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());
    private static final VectorSpecies<Short> S =
            VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
    private static final VectorSpecies<Byte> B =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(F.vectorBitSize() / 4));
    private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(F, i -> i ^ 1);
    private static final VectorShuffle<Float> EVEN = VectorShuffle.fromOp(F, i -> i & ~1);
    private static final VectorShuffle<Float> ODD = VectorShuffle.fromOp(F, i -> i | 1);
    private static final VectorMask<Float> FIRST_OF_PAIR = first();
    private static final float MAGIC = 0x1.8p23f;

    private final PlainLanes plain = new PlainLanes();

    private static VectorMask<Float> first() {
        boolean[] even = new boolean[N];
        for (int i = 0; i < N; i += 2) {
            even[i] = true;
        }
        return VectorMask.fromArray(F, even, 0);
    }

    @Override
    public String name() {
        return "vectors of " + F.vectorBitSize() + " bits";
    }

    @Override
    public void fromBf16(short[] in, int from, float[] out, int to, int count) {
        int i = 0;
        for (; i + N <= count; i += N) {
            IntVector wide = (IntVector) ShortVector.fromArray(S, in, from + i).convertShape(S2I, I, 0);
            wide.lanewise(LSHL, 16).reinterpretAsFloats().intoArray(out, to + i);
        }
        plain.fromBf16(in, from + i, out, to + i, count - i);
    }

    @Override
    public void toBf16(float[] in, int from, short[] out, int to, int count) {
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector value = FloatVector.fromArray(F, in, from + i);
            IntVector bits = value.reinterpretAsInts();
            IntVector rounded = bits.add(bits.lanewise(LSHR, 16).and(1)).add(0x7FFF).lanewise(LSHR, 16);
            VectorMask<Integer> nan = value.compare(NE, value).cast(I);
            IntVector half = rounded.blend(bits.lanewise(LSHR, 16).or(0x40), nan);
            ((ShortVector) half.convertShape(I2S, S, 0)).intoArray(out, to + i);
        }
        plain.toBf16(in, from + i, out, to + i, count - i);
    }

    @Override
    public void codesToBf16(Format format, byte[] in, short[] out, int count) {
        int i = 0;
        for (; i + N <= count; i += N) {
            IntVector half = decode(format, in, i).reinterpretAsInts().lanewise(LSHR, 16);
            ((ShortVector) half.convertShape(I2S, S, 0)).intoArray(out, i);
        }
        for (; i < count; i++) {
            out[i] = (short) (Float.floatToRawIntBits(PlainLanes.decode(format, in[i])) >>> 16);
        }
    }

    @Override
    public void codesToFloat(Format format, byte[] in, float[] out, int count) {
        int i = 0;
        for (; i + N <= count; i += N) {
            decode(format, in, i).intoArray(out, i);
        }
        for (; i < count; i++) {
            out[i] = PlainLanes.decode(format, in[i]);
        }
    }

    private static FloatVector decode(Format format, byte[] in, int at) {
        IntVector code = (IntVector) ByteVector.fromArray(B, in, at).convertShape(B2I, I, 0);
        if (format == Format.I8) {
            return (FloatVector) code.convert(I2F, 0);
        }
        IntVector magnitude = code.and(0x7F);
        IntVector normal = magnitude.lanewise(LSHL, 20).add(120 << 23);
        // Below the normal range codes count steps of 2^-9.
        FloatVector small = ((FloatVector) magnitude.convert(I2F, 0)).mul(0x1p-9f);
        FloatVector value = normal.reinterpretAsFloats().blend(small, magnitude.compare(LT, 8).cast(F));
        value = value.blend(Float.NaN, magnitude.compare(EQ, 0x7F).cast(F));
        return value.reinterpretAsInts()
                .or(code.and(0x80).lanewise(LSHL, 24))
                .reinterpretAsFloats();
    }

    @Override
    public void quantise(Format format, float[] x, int from, int count, float scale, byte[] out) {
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector value = FloatVector.fromArray(F, x, from + i).div(scale);
            IntVector codes = format == Format.I8 ? integers(value) : e4m3(value);
            ((ByteVector) codes.convertShape(I2B, B, 0)).intoArray(out, i);
        }
        for (; i < count; i++) {
            out[i] = PlainLanes.code(format, x[from + i] / scale);
        }
    }

    private static IntVector integers(FloatVector value) {
        return value.max(-128f).min(127f).add(MAGIC).reinterpretAsInts().sub(Float.floatToRawIntBits(MAGIC));
    }

    private static IntVector e4m3(FloatVector value) {
        IntVector sign = value.reinterpretAsInts().lanewise(LSHR, 24).and(0x80);
        FloatVector magnitude = value.abs().min(448f);
        IntVector bits = magnitude.reinterpretAsInts();
        IntVector normal = bits.add(bits.lanewise(LSHR, 20).and(1)).add(0x7FFFF).lanewise(LSHR, 20).sub(120 << 3);
        IntVector small = magnitude.add(0x1p14f).reinterpretAsInts().sub(Float.floatToRawIntBits(0x1p14f));
        return normal.blend(small, magnitude.compare(LT, 0x1p-6f).cast(I)).or(sign);
    }

    @Override
    public float sum(float[] x, int from, int count) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = a;
        int i = 0;
        for (; i + 2 * N <= count; i += 2 * N) {
            a = a.add(FloatVector.fromArray(F, x, from + i));
            b = b.add(FloatVector.fromArray(F, x, from + i + N));
        }
        return a.add(b).reduceLanes(ADD) + plain.sum(x, from + i, count - i);
    }

    @Override
    public float sumOfSquares(float[] x, int from, int count, float mean) {
        FloatVector a = FloatVector.zero(F);
        FloatVector b = a;
        int i = 0;
        for (; i + 2 * N <= count; i += 2 * N) {
            FloatVector p = FloatVector.fromArray(F, x, from + i).sub(mean);
            FloatVector q = FloatVector.fromArray(F, x, from + i + N).sub(mean);
            a = p.fma(p, a);
            b = q.fma(q, b);
        }
        return a.add(b).reduceLanes(ADD) + plain.sumOfSquares(x, from + i, count - i, mean);
    }

    @Override
    public float maxAbs(float[] x, int from, int count) {
        FloatVector most = FloatVector.zero(F);
        int i = 0;
        for (; i + N <= count; i += N) {
            most = most.max(FloatVector.fromArray(F, x, from + i).abs());
        }
        return Math.max(most.reduceLanes(MAX), plain.maxAbs(x, from + i, count - i));
    }

    @Override
    public float max(float[] x, int from, int count) {
        FloatVector most = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i + N <= count; i += N) {
            most = most.max(FloatVector.fromArray(F, x, from + i));
        }
        return Math.max(most.reduceLanes(MAX), plain.max(x, from + i, count - i));
    }

    @Override
    public void normalise(float[] x, int count, float mean, float factor, float[] weight, float[] bias) {
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector scaled = FloatVector.fromArray(F, x, i).sub(mean).mul(factor);
            scaled.fma(FloatVector.fromArray(F, weight, i), FloatVector.fromArray(F, bias, i))
                    .intoArray(x, i);
        }
        for (; i < count; i++) {
            x[i] = Math.fma((x[i] - mean) * factor, weight[i], bias[i]);
        }
    }

    @Override
    public void scale(float[] x, int from, int count, float factor, float[] weight) {
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector.fromArray(F, x, from + i)
                    .mul(factor)
                    .mul(FloatVector.fromArray(F, weight, i))
                    .intoArray(x, from + i);
        }
        for (; i < count; i++) {
            x[from + i] = x[from + i] * factor * weight[i];
        }
    }

    @Override
    public void scale(float[] x, int from, int count, float factor) {
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector.fromArray(F, x, from + i).mul(factor).intoArray(x, from + i);
        }
        plain.scale(x, from + i, count - i, factor);
    }

    @Override
    public void rotate(float[] x, int from, int count, float[] table, int at) {
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector value = FloatVector.fromArray(F, x, from + i);
            FloatVector angle = FloatVector.fromArray(F, table, at + i);
            FloatVector cos = angle.rearrange(EVEN);
            FloatVector sin = angle.rearrange(ODD);
            // (a, b) -> (a cos - b sin, b cos + a sin)
            FloatVector crossed = value.rearrange(SWAP).mul(sin);
            value.fma(cos, crossed.lanewise(NEG, FIRST_OF_PAIR)).intoArray(x, from + i);
        }
        plain.rotate(x, from + i, count - i, table, at + i);
    }

    @Override
    public void activate(Activation activation, float[] x, int from, int count) {
        // One loop for each: a vector that is chosen inside the loop would be boxed.
        int i = 0;
        switch (activation) {
            case IDENTITY -> {}
            case SILU -> {
                for (; i + N <= count; i += N) {
                    FloatVector value = FloatVector.fromArray(F, x, from + i);
                    value.mul(sigmoid(value)).intoArray(x, from + i);
                }
            }
            case GELU_TANH -> {
                for (; i + N <= count; i += N) {
                    geluTanh(FloatVector.fromArray(F, x, from + i)).intoArray(x, from + i);
                }
            }
            case GELU_ERF -> {
                for (; i + N <= count; i += N) {
                    geluErf(FloatVector.fromArray(F, x, from + i)).intoArray(x, from + i);
                }
            }
        }
        plain.activate(activation, x, from + i, count - i);
    }

    private static FloatVector exp(FloatVector x) {
        FloatVector bounded = x.max(Scalars.EXP_MIN).min(Scalars.EXP_MAX);
        FloatVector shifted = bounded.fma(FloatVector.broadcast(F, Scalars.LOG2_E), FloatVector.broadcast(F, MAGIC));
        FloatVector n = shifted.sub(MAGIC);
        FloatVector r = n.fma(FloatVector.broadcast(F, -Scalars.LN2_HIGH), bounded);
        r = n.fma(FloatVector.broadcast(F, -Scalars.LN2_LOW), r);
        FloatVector p = FloatVector.broadcast(F, Scalars.EXP[5]);
        p = p.fma(r, FloatVector.broadcast(F, Scalars.EXP[4]));
        p = p.fma(r, FloatVector.broadcast(F, Scalars.EXP[3]));
        p = p.fma(r, FloatVector.broadcast(F, Scalars.EXP[2]));
        p = p.fma(r, FloatVector.broadcast(F, Scalars.EXP[1]));
        p = p.fma(r, FloatVector.broadcast(F, Scalars.EXP[0]));
        FloatVector mantissa = p.mul(r).fma(r, r).add(1f);
        // n stands in the low bits of the sum with MAGIC; the shift moves it to the exponent and the rest away.
        IntVector power = shifted.reinterpretAsInts().lanewise(LSHL, 23).add(127 << 23);
        return mantissa.mul(power.reinterpretAsFloats());
    }

    private static FloatVector sigmoid(FloatVector x) {
        return FloatVector.broadcast(F, 1f).div(exp(x.neg().min(-Scalars.EXP_MIN)).add(1f));
    }

    private static FloatVector geluTanh(FloatVector x) {
        FloatVector inner = x.mul(x).mul(Scalars.GELU_CUBIC).add(Scalars.GELU_LINEAR);
        return x.mul(sigmoid(x.mul(inner)));
    }

    private static FloatVector geluErf(FloatVector x) {
        FloatVector z = x.abs().mul(0.70710678118654752f);
        FloatVector t = FloatVector.broadcast(F, 1f).div(z.mul(Scalars.ERF_P).add(1f));
        FloatVector p = FloatVector.broadcast(F, Scalars.ERF[4]);
        for (int i = 3; i >= 0; i--) {
            p = p.fma(t, FloatVector.broadcast(F, Scalars.ERF[i]));
        }
        FloatVector tail = p.mul(t).mul(0.5f).mul(exp(z.mul(z).neg()));
        return x.mul(tail).blend(x.sub(x.mul(tail)), x.compare(GE, 0f));
    }

    @Override
    public void add(float[] x, int from, float[] y, int at, int count) {
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector.fromArray(F, x, from + i)
                    .add(FloatVector.fromArray(F, y, at + i))
                    .intoArray(x, from + i);
        }
        plain.add(x, from + i, y, at + i, count - i);
    }

    @Override
    public void addGated(float[] x, int from, float[] y, int at, float[] gate, int gateAt, int count) {
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector.fromArray(F, y, at + i)
                    .fma(FloatVector.fromArray(F, gate, gateAt + i), FloatVector.fromArray(F, x, from + i))
                    .intoArray(x, from + i);
        }
        plain.addGated(x, from + i, y, at + i, gate, gateAt + i, count - i);
    }

    @Override
    public void multiply(float[] x, int from, float[] y, int at, int count) {
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector.fromArray(F, x, from + i)
                    .mul(FloatVector.fromArray(F, y, at + i))
                    .intoArray(x, from + i);
        }
        plain.multiply(x, from + i, y, at + i, count - i);
    }

    @Override
    public void scaleAndAdd(float[] x, int from, int count, float factor, float[] y, int at) {
        FloatVector f = FloatVector.broadcast(F, factor);
        int i = 0;
        for (; i + N <= count; i += N) {
            FloatVector.fromArray(F, x, from + i)
                    .fma(f, FloatVector.fromArray(F, y, at + i))
                    .intoArray(x, from + i);
        }
        plain.scaleAndAdd(x, from + i, count - i, factor, y, at + i);
    }

    @Override
    public void exp(float[] x, int from, int count, float shift) {
        int i = 0;
        for (; i + N <= count; i += N) {
            exp(FloatVector.fromArray(F, x, from + i).sub(shift)).intoArray(x, from + i);
        }
        plain.exp(x, from + i, count - i, shift);
    }
}
