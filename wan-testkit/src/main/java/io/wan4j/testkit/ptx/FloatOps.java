package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** 32-bit float arithmetic. */
final class FloatOps {
    private static final Set<String> MODIFIERS = Set.of(
            "rn",
            "rz",
            "rm",
            "rp",
            "ftz",
            "sat",
            "approx",
            "full",
            "NaN",
            "xorsign",
            "abs",
            "finite",
            "infinite",
            "number",
            "notanumber",
            "normal",
            "subnormal");

    private FloatOps() {}

    static float f(int bits) {
        return Float.intBitsToFloat(bits);
    }

    static int b(float value) {
        return Float.floatToRawIntBits(value);
    }

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        boolean plain = Rounding.of(s.in) == Rounding.NEAREST && !s.has("ftz") && !s.has("sat");
        return switch (s.in.opcode()) {
            case "add", "sub", "mul", "fma", "mad", "div" -> plain ? plain(s) : adjusted(s);
            case "abs" -> s.has("ftz") ? Lanes.i1(s, a -> flush(a) & 0x7fffffff) : Lanes.i1(s, a -> a & 0x7fffffff);
            case "neg" -> s.has("ftz") ? Lanes.i1(s, a -> flush(a) ^ 0x80000000) : Lanes.i1(s, a -> a ^ 0x80000000);
            case "min", "max" -> extreme(s, s.in.opcode().equals("min"));
            case "copysign" -> Lanes.i2(s, (a, b) -> a & 0x80000000 | b & 0x7fffffff);
            case "testp" -> testp(s);
            default -> function(s);
        };
    }

    private static @Nullable Op plain(Site s) {
        return switch (s.in.opcode()) {
            case "add" -> Lanes.i2(s, (a, b) -> b(f(a) + f(b)));
            case "sub" -> Lanes.i2(s, (a, b) -> b(f(a) - f(b)));
            case "mul" -> Lanes.i2(s, (a, b) -> b(f(a) * f(b)));
            case "div" -> Lanes.i2(s, (a, b) -> b(f(a) / f(b)));
            default -> Lanes.i3(s, (a, b, c) -> b(Math.fma(f(a), f(b), f(c))));
        };
    }

    private static @Nullable Op adjusted(Site s) {
        Rounding mode = Rounding.of(s.in);
        boolean ftz = s.has("ftz");
        boolean sat = s.has("sat");
        return switch (s.in.opcode()) {
            case "add" -> Lanes.i2(s, (a, b) -> end(mode.add(in(a, ftz), in(b, ftz)), ftz, sat));
            case "sub" -> Lanes.i2(s, (a, b) -> end(mode.add(in(a, ftz), -in(b, ftz)), ftz, sat));
            case "mul" -> Lanes.i2(s, (a, b) -> end(mode.multiply(in(a, ftz), in(b, ftz)), ftz, sat));
            case "div" -> Lanes.i2(s, (a, b) -> end(mode.divide(in(a, ftz), in(b, ftz)), ftz, sat));
            default -> Lanes.i3(s, (a, b, c) -> end(mode.fma(in(a, ftz), in(b, ftz), in(c, ftz)), ftz, sat));
        };
    }

    static int flush(int bits) {
        return (bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits;
    }

    private static float in(int bits, boolean ftz) {
        return f(ftz ? flush(bits) : bits);
    }

    private static int end(float value, boolean ftz, boolean sat) {
        int bits = b(sat ? saturate(value) : value);
        return ftz ? flush(bits) : bits;
    }

    /** Clamp to [0, 1]; NaN becomes +0. */
    static float saturate(float value) {
        return value > 0 ? Math.min(value, 1f) : 0f;
    }

    private static Op extreme(Site s, boolean min) {
        boolean nan = s.has("NaN");
        boolean ftz = s.has("ftz");
        boolean xorsign = s.has("xorsign");
        boolean abs = xorsign || s.has("abs");
        LaneFunctions.I2 two = (a, b) -> {
            int sign = xorsign ? (a ^ b) & 0x80000000 : 0;
            int x = abs ? a & 0x7fffffff : a;
            int y = abs ? b & 0x7fffffff : b;
            return extreme(in(x, ftz), in(y, ftz), min, nan) | sign;
        };
        if (s.operands() == 4) {
            return Lanes.i3(s, (a, b, c) -> two.of(two.of(a, b), c));
        }
        if (abs) {
            return Lanes.i2(s, two);
        }
        if (min) {
            return Lanes.i2(s, (a, b) -> extreme(in(a, ftz), in(b, ftz), true, nan));
        }
        return Lanes.i2(s, (a, b) -> extreme(in(a, ftz), in(b, ftz), false, nan));
    }

    /** A single NaN gives the other operand, unless NaN is asked for. */
    private static int extreme(float a, float b, boolean min, boolean nan) {
        if (Float.isNaN(a) || Float.isNaN(b)) {
            if (nan || Float.isNaN(a) && Float.isNaN(b)) {
                return 0x7fffffff;
            }
            return b(Float.isNaN(a) ? b : a);
        }
        return b(min ? Math.min(a, b) : Math.max(a, b));
    }

    private static Op testp(Site s) {
        int d = s.p(s.operand(0));
        LaneFunctions.ITest test = s.has("finite")
                ? (a, b) -> Math.abs(f(a)) <= Float.MAX_VALUE
                : s.has("infinite")
                        ? (a, b) -> Float.isInfinite(f(a))
                        : s.has("number")
                                ? (a, b) -> !Float.isNaN(f(a))
                                : s.has("notanumber")
                                        ? (a, b) -> Float.isNaN(f(a))
                                        : s.has("normal")
                                                ? (a, b) -> Math.abs(f(a)) >= Float.MIN_NORMAL
                                                        && Math.abs(f(a)) <= Float.MAX_VALUE
                                                : (a, b) -> f(a) != 0 && Math.abs(f(a)) < Float.MIN_NORMAL;
        return Specialized.op(LaneOps.IntTests.class, LaneFunctions.ITest.class, test, d, s.i(1), s.i(1));
    }

    private static @Nullable Op function(Site s) {
        boolean ftz = s.has("ftz");
        Rounding mode = Rounding.of(s.in);
        return switch (s.in.opcode()) {
            case "rcp" -> Lanes.i1(s, a -> end(mode.divide(1f, in(a, ftz)), ftz, false));
            case "sqrt" -> Lanes.i1(s, a -> end(mode.sqrt(in(a, ftz)), ftz, false));
            case "rsqrt" -> Lanes.i1(s, a -> end((float) (1 / Math.sqrt(in(a, ftz))), ftz, false));
            case "sin" -> Lanes.i1(s, a -> end((float) Math.sin(in(a, ftz)), ftz, false));
            case "cos" -> Lanes.i1(s, a -> end((float) Math.cos(in(a, ftz)), ftz, false));
            case "lg2" -> Lanes.i1(s, a -> end((float) Approx.log2(in(a, ftz)), ftz, false));
            case "ex2" -> Lanes.i1(s, a -> end((float) Approx.exp2(in(a, ftz)), ftz, false));
            case "tanh" -> Lanes.i1(s, a -> b(Approx.tanh(f(a))));
            default -> null;
        };
    }
}
