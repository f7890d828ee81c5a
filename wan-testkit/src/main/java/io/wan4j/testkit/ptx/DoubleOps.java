package io.wan4j.testkit.ptx;

import org.jspecify.annotations.Nullable;

/** 64-bit float arithmetic, rounded to nearest, and pairs of 32-bit floats. */
final class DoubleOps {
    private static final java.util.Set<String> MODIFIERS = java.util.Set.of("rn", "approx", "ftz");

    private DoubleOps() {}

    private static double d(long bits) {
        return Double.longBitsToDouble(bits);
    }

    private static long b(double value) {
        return Double.doubleToRawLongBits(value);
    }

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        if (s.type() == PtxType.F32X2) {
            return pairs(s);
        }
        return switch (s.in.opcode()) {
            case "add" -> Lanes.l2(s, (a, b) -> b(d(a) + d(b)));
            case "sub" -> Lanes.l2(s, (a, b) -> b(d(a) - d(b)));
            case "mul" -> Lanes.l2(s, (a, b) -> b(d(a) * d(b)));
            case "div" -> Lanes.l2(s, (a, b) -> b(d(a) / d(b)));
            case "fma", "mad" -> Lanes.l3(s, (a, b, c) -> b(Math.fma(d(a), d(b), d(c))));
            case "abs" -> Lanes.l1(s, a -> a & Long.MAX_VALUE);
            case "neg" -> Lanes.l1(s, a -> a ^ Long.MIN_VALUE);
            case "min" ->
                Lanes.l2(s, (a, b) -> Double.isNaN(d(a)) ? b : Double.isNaN(d(b)) ? a : b(Math.min(d(a), d(b))));
            case "max" ->
                Lanes.l2(s, (a, b) -> Double.isNaN(d(a)) ? b : Double.isNaN(d(b)) ? a : b(Math.max(d(a), d(b))));
            case "copysign" -> Lanes.l2(s, (a, b) -> a & Long.MIN_VALUE | b & Long.MAX_VALUE);
            case "sqrt" -> Lanes.l1(s, a -> b(Math.sqrt(d(a))));
            case "rsqrt" -> Lanes.l1(s, a -> b(1 / Math.sqrt(d(a))));
            case "rcp" -> Lanes.l1(s, a -> b(1 / d(a)));
            default -> null;
        };
    }

    private static float low(long pair) {
        return Float.intBitsToFloat((int) pair);
    }

    private static float high(long pair) {
        return Float.intBitsToFloat((int) (pair >>> 32));
    }

    private static long pair(float low, float high) {
        return (long) Float.floatToRawIntBits(high) << 32 | Float.floatToRawIntBits(low) & 0xffffffffL;
    }

    private static @Nullable Op pairs(Site s) {
        if (s.has("ftz")) {
            return null;
        }
        return switch (s.in.opcode()) {
            case "add" -> Lanes.l2(s, (a, b) -> pair(low(a) + low(b), high(a) + high(b)));
            case "sub" -> Lanes.l2(s, (a, b) -> pair(low(a) - low(b), high(a) - high(b)));
            case "mul" -> Lanes.l2(s, (a, b) -> pair(low(a) * low(b), high(a) * high(b)));
            case "fma" ->
                Lanes.l3(s, (a, b, c) -> pair(Math.fma(low(a), low(b), low(c)), Math.fma(high(a), high(b), high(c))));
            default -> null;
        };
    }
}
