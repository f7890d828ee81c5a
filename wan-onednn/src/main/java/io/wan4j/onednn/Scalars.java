package io.wan4j.onednn;

/**
 * Elementary functions in F32, for single values. Relative error of {@link #exp} below 3e-7 between {@link #EXP_MIN} and
 * {@link #EXP_MAX}; beyond, the result is that of the bound.
 */
final class Scalars {
    static final float LOG2_E = 1.4426950408889634f;
    /** ln 2 in two parts: the first has few bits, so that its product with a small integer is exact. */
    static final float LN2_HIGH = 0.693359375f;

    static final float LN2_LOW = -2.12194440e-4f;
    /** Taylor coefficients of exp from x^2 on; the remainder on |x| <= ln(2)/2 is below 6e-9. */
    static final float[] EXP = {1 / 2f, 1 / 6f, 1 / 24f, 1 / 120f, 1 / 720f, 1 / 5040f};

    /** Arguments of exp are cut off here, so that its result is neither subnormal nor infinite. */
    static final float EXP_MIN = -87.3f;

    static final float EXP_MAX = 88f;

    static final float GELU_LINEAR = 1.5957691216057308f;
    static final float GELU_CUBIC = 0.071354816272600248f;

    /** Abramowitz and Stegun 7.1.26: erf within 1.5e-7. */
    static final float ERF_P = 0.3275911f;

    static final float[] ERF = {0.254829592f, -0.284496736f, 1.421413741f, -1.453152027f, 1.061405429f};

    private Scalars() {}

    static float exp(float x) {
        float bounded = Math.min(Math.max(x, EXP_MIN), EXP_MAX);
        float n = (bounded * LOG2_E + 0x1.8p23f) - 0x1.8p23f;
        float r = bounded - n * LN2_HIGH - n * LN2_LOW;
        float p = EXP[5];
        for (int i = 4; i >= 0; i--) {
            p = p * r + EXP[i];
        }
        return (p * r * r + r + 1f) * Float.intBitsToFloat((int) n + 127 << 23);
    }

    /** 1 / (1 + exp(-x)); not below 2^-126, since subnormal numbers are slow. */
    static float sigmoid(float x) {
        return 1f / (1f + exp(Math.min(-x, -EXP_MIN)));
    }

    /** x/2 (1 + tanh(u)) = x sigmoid(2u) with 2u = 2 sqrt(2/pi) (x + 0.044715 x^3). */
    static float geluTanh(float x) {
        return x * sigmoid(x * (GELU_LINEAR + GELU_CUBIC * x * x));
    }

    /** x/2 (1 + erf(x / sqrt 2)). */
    static float geluErf(float x) {
        float z = Math.abs(x) * 0.70710678118654752f;
        float t = 1f / (1f + ERF_P * z);
        float p = ERF[4];
        for (int i = 3; i >= 0; i--) {
            p = p * t + ERF[i];
        }
        // Half of the complement of erf(|z|): small where x is far below zero, where 1 - erf would cancel.
        float tail = 0.5f * p * t * exp(-z * z);
        return x >= 0 ? x - x * tail : x * tail;
    }
}
