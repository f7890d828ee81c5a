package io.wan4j.testkit.ptx;

/** The approximate functions of PTX, within the errors its document states. */
final class Approx {
    private static final double LN2 = Math.log(2);
    private static final double[] EXP2 = new double[9];

    static {
        double term = 1;
        for (int i = 0; i < EXP2.length; i++) {
            EXP2[i] = term;
            term *= LN2 / (i + 1);
        }
    }

    private Approx() {}

    /** 2^x with a relative error below 2^-29. */
    static double exp2(double x) {
        if (!(x > -1000)) {
            return Double.isNaN(x) ? x : 0;
        }
        if (x > 1000) {
            return Double.POSITIVE_INFINITY;
        }
        double whole = Math.rint(x);
        double f = x - whole;
        double sum = EXP2[8];
        sum = sum * f + EXP2[7];
        sum = sum * f + EXP2[6];
        sum = sum * f + EXP2[5];
        sum = sum * f + EXP2[4];
        sum = sum * f + EXP2[3];
        sum = sum * f + EXP2[2];
        sum = sum * f + EXP2[1];
        sum = sum * f + EXP2[0];
        return sum * Double.longBitsToDouble((long) whole + 1023 << 52);
    }

    static double log2(double x) {
        return Math.log(x) / LN2;
    }

    /** tanh to 12 significant bits: the hardware's has a relative error of up to 2^-11. */
    static float tanh(float x) {
        double value;
        double size = Math.abs((double) x);
        if (size < 0.02) {
            value = size - size * size * size / 3;
        } else {
            value = 1 - 2 / (exp2(2 / LN2 * size) + 1);
        }
        if (Double.isNaN(value)) {
            return Float.NaN;
        }
        int bits = Float.floatToRawIntBits((float) value);
        float rounded = Float.intBitsToFloat((bits + (1 << 11)) & -(1 << 12));
        return Math.copySign(rounded, x);
    }
}
