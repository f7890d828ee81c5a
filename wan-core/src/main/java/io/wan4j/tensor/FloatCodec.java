package io.wan4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Conversion between {@code float} and the floating formats of checkpoints, scalar and in bulk.
 *
 * <p>Decoding is exact, except that F64 is rounded to nearest even. Encoding rounds to nearest, ties to even, unless a
 * method says otherwise. F16 and E5M2 overflow to infinity, E4M3 (which has none) saturates at +-448. NaN stays NaN.
 */
public final class FloatCodec {
    private static final int E4M3_MAX = 0x7E;
    private static final int E4M3_NAN = 0x7F;
    private static final float[] E4M3 = new float[256];
    private static final float[] E5M2 = new float[256];

    static {
        for (int code = 0; code < 256; code++) {
            E4M3[code] = (code & 0x7F) == E4M3_NAN ? Float.NaN : minifloat(code, 3, 7);
            E5M2[code] = f16ToFloat((short) (code << 8));
        }
    }

    private FloatCodec() {}

    /** What an E4M3 encoder does with halfway values and with values beyond 448. */
    public enum E4m3Rounding {
        /** Ties to even, saturating: the activation quantisers. */
        SATURATE_TIES_EVEN,
        /** Ties away from zero, saturating: the reference's weight converter. */
        SATURATE_TIES_AWAY,
        /** Ties to even, values that round beyond 448 become NaN: PyTorch's plain cast. */
        NAN_TIES_EVEN
    }

    /** The value of a BF16 bit pattern. */
    public static float bf16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The nearest BF16 bit pattern. */
    public static short floatToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
    }

    /** The value of an IEEE half bit pattern. */
    public static float f16ToFloat(short bits) {
        int magnitude = bits & 0x7FFF;
        int sign = (bits & 0x8000) << 16;
        if (magnitude >= 0x7C00) {
            return Float.intBitsToFloat(sign | 0x7F800000 | (magnitude & 0x3FF) << 13);
        }
        // The exponent field moves from bias 15 to bias 127; the product also renormalises subnormals, exactly.
        float scaled = Float.intBitsToFloat(magnitude << 13) * 0x1p112f;
        return Float.intBitsToFloat(Float.floatToRawIntBits(scaled) | sign);
    }

    /** The nearest IEEE half bit pattern; values from 65520 become infinity. */
    public static short floatToF16(float value) {
        int sign = Float.floatToRawIntBits(value) >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        if (Float.isNaN(magnitude)) {
            return (short) (sign | 0x7E00);
        }
        if (magnitude >= 65520f) {
            return (short) (sign | 0x7C00);
        }
        return (short) (sign | roundedCode(magnitude, 10, 15, false));
    }

    /** The value of an E4M3 code. */
    public static float e4m3ToFloat(byte code) {
        return E4M3[code & 0xFF];
    }

    /** The nearest E4M3 code, saturating at +-448, ties to even. */
    public static byte floatToE4m3(float value) {
        return floatToE4m3(value, E4m3Rounding.SATURATE_TIES_EVEN);
    }

    /** The nearest E4M3 code under {@code rounding}. */
    public static byte floatToE4m3(float value, E4m3Rounding rounding) {
        int sign = Float.floatToRawIntBits(value) >>> 24 & 0x80;
        float magnitude = Math.abs(value);
        if (Float.isNaN(magnitude)) {
            return (byte) (sign | E4M3_NAN);
        }
        boolean away = rounding == E4m3Rounding.SATURATE_TIES_AWAY;
        int code = magnitude < 512 ? roundedCode(magnitude, 3, 7, away) : E4M3_NAN;
        int beyond = rounding == E4m3Rounding.NAN_TIES_EVEN ? E4M3_NAN : E4M3_MAX;
        return (byte) (sign | (code > E4M3_MAX ? beyond : code));
    }

    /** The value of an E5M2 code. */
    public static float e5m2ToFloat(byte code) {
        return E5M2[code & 0xFF];
    }

    /** The nearest E5M2 code; values from 61440 become infinity. */
    public static byte floatToE5m2(float value) {
        int sign = Float.floatToRawIntBits(value) >>> 24 & 0x80;
        float magnitude = Math.abs(value);
        if (Float.isNaN(magnitude)) {
            return (byte) (sign | 0x7F);
        }
        return (byte) (sign | (magnitude >= 61440f ? 0x7C : roundedCode(magnitude, 2, 15, false)));
    }

    /**
     * Decodes {@code count} elements that start at byte {@code from} of {@code source} into {@code target}. The
     * position of the source is neither used nor moved; its bytes are read as little-endian.
     *
     * @throws IllegalArgumentException if {@code format} is not a floating one
     */
    public static void decode(Format format, ByteBuffer source, int from, float[] target, int offset, int count) {
        ByteBuffer bytes = slice(source, from, count, format);
        switch (format) {
            case F32 -> bytes.asFloatBuffer().get(target, offset, count);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = (float) bytes.getDouble(8 * i);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = f16ToFloat(bytes.getShort(2 * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target[offset + i] = bf16ToFloat(bytes.getShort(2 * i));
                }
            }
            case F8_E4M3, F8_E5M2 -> {
                float[] table = format == Format.F8_E4M3 ? E4M3 : E5M2;
                for (int i = 0; i < count; i++) {
                    target[offset + i] = table[bytes.get(i) & 0xFF];
                }
            }
            default -> throw notFloating(format);
        }
    }

    /**
     * Encodes {@code count} elements of {@code source} to byte {@code to} of {@code target}, little-endian. The
     * position of the target is neither used nor moved.
     *
     * @throws IllegalArgumentException if {@code format} is not a floating one
     */
    public static void encode(Format format, float[] source, int offset, int count, ByteBuffer target, int to) {
        ByteBuffer bytes = slice(target, to, count, format);
        switch (format) {
            case F32 -> bytes.asFloatBuffer().put(source, offset, count);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    bytes.putDouble(8 * i, source[offset + i]);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    bytes.putShort(2 * i, floatToF16(source[offset + i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    bytes.putShort(2 * i, floatToBf16(source[offset + i]));
                }
            }
            case F8_E4M3 -> {
                for (int i = 0; i < count; i++) {
                    bytes.put(i, floatToE4m3(source[offset + i]));
                }
            }
            case F8_E5M2 -> {
                for (int i = 0; i < count; i++) {
                    bytes.put(i, floatToE5m2(source[offset + i]));
                }
            }
            default -> throw notFloating(format);
        }
    }

    private static ByteBuffer slice(ByteBuffer buffer, int from, int count, Format format) {
        return buffer.duplicate()
                .clear()
                .slice(from, Math.multiplyExact(count, format.bytes()))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * The code, without sign, of a finite magnitude in a format with {@code mantissa} bits and this bias. With q the
     * magnitude in units of the last place, the code is linear in q, so a carry into the exponent needs no case.
     */
    private static int roundedCode(float magnitude, int mantissa, int bias, boolean tiesAway) {
        int exponent = Math.max(Math.getExponent(magnitude), 1 - bias);
        double units = magnitude * Double.longBitsToDouble((long) (mantissa - exponent + 1023) << 52);
        int q = (int) (tiesAway ? Math.floor(units + 0.5) : Math.rint(units));
        return (exponent + bias << mantissa) + q - (1 << mantissa);
    }

    private static float minifloat(int code, int mantissa, int bias) {
        int magnitude = code & 0x7F;
        int exponent = magnitude >>> mantissa;
        int fraction = magnitude & (1 << mantissa) - 1;
        int significand = exponent == 0 ? fraction : fraction | 1 << mantissa;
        float value = Math.scalb((float) significand, Math.max(exponent, 1) - bias - mantissa);
        return (code & 0x80) != 0 ? -value : value;
    }

    private static IllegalArgumentException notFloating(Format format) {
        return new IllegalArgumentException("expected a floating format, got " + format);
    }
}
