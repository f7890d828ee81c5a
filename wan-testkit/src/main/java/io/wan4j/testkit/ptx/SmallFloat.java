package io.wan4j.testkit.ptx;

/** Number formats below 32 bits: decoding, and encoding from double with one rounding to nearest even. */
enum SmallFloat {
    F16(5, 10),
    BF16(8, 7),
    E4M3(4, 3),
    E5M2(5, 2);

    private final int mantissa;
    private final int bias;
    private final int bits;
    private final float[] values;

    SmallFloat(int exponent, int mantissa) {
        this.mantissa = mantissa;
        this.bias = (1 << (exponent - 1)) - 1;
        this.bits = exponent + mantissa + 1;
        this.values = new float[1 << bits];
        for (int code = 0; code < values.length; code++) {
            values[code] = decode(code, exponent);
        }
    }

    private float decode(int code, int exponentBits) {
        int magnitude = code & (1 << (bits - 1)) - 1;
        int e = magnitude >> mantissa;
        int m = magnitude & (1 << mantissa) - 1;
        int top = (1 << exponentBits) - 1;
        float sign = code >> (bits - 1) != 0 ? -1f : 1f;
        // e4m3 has no infinities and only one NaN
        if (exponentBits == 4 ? magnitude == 0x7f : e == top) {
            return exponentBits == 4 || m != 0 ? Float.NaN : sign * Float.POSITIVE_INFINITY;
        }
        double value = e == 0
                ? Math.scalb((double) m, 1 - bias - mantissa)
                : Math.scalb((double) (m | 1 << mantissa), e - bias - mantissa);
        return (float) (sign * value);
    }

    /** Value of a code; higher bits must be zero. */
    float value(int code) {
        return values[code];
    }

    float[] table() {
        return values;
    }

    private int sign(double value) {
        return Double.doubleToRawLongBits(value) < 0 ? 1 << (bits - 1) : 0;
    }

    /** Largest finite code. */
    private int largest() {
        return this == E4M3 ? 0x7e : infinity() - 1;
    }

    private int infinity() {
        return (1 << (bits - 1)) - (1 << mantissa);
    }

    int nan() {
        return (1 << (bits - 1)) - 1;
    }

    /** Round to nearest even; too large becomes infinity, or NaN where there is none. */
    int encode(double value) {
        if (Double.isNaN(value)) {
            return nan();
        }
        int code = magnitude(Math.abs(value));
        return sign(value) | (code > largest() ? (this == E4M3 ? nan() : infinity()) : code);
    }

    /** Round to nearest even; too large, and infinity, become the largest finite value. */
    int encodeSaturated(double value) {
        return Double.isNaN(value) ? nan() : sign(value) | Math.min(magnitude(Math.abs(value)), largest());
    }

    /** Round towards zero; a finite value stays finite. */
    int encodeTowardsZero(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return encode(value);
        }
        double ulp = ulp(Math.abs(value));
        return sign(value) | Math.min(magnitude(Math.floor(Math.abs(value) / ulp) * ulp), largest());
    }

    private double ulp(double magnitude) {
        return Math.scalb(1.0, Math.max(Math.getExponent(magnitude), 1 - bias) - mantissa);
    }

    /** Code of a value that is not negative, as if exponents had no upper end. */
    private int magnitude(double value) {
        if (value == Double.POSITIVE_INFINITY) {
            return Integer.MAX_VALUE;
        }
        double ulp = ulp(value);
        double rounded = Math.rint(value / ulp);
        int exponent = Math.max(Math.getExponent(value), 1 - bias) + bias;
        // a significand that rounds up to the next power carries into the exponent by itself
        long code = ((long) (exponent - 1) << mantissa) + (long) rounded;
        return (int) Math.min(code, Integer.MAX_VALUE);
    }
}
