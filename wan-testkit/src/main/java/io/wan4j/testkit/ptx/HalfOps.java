package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Arithmetic of f16, bf16 and their pairs: exact in double, rounded once. */
final class HalfOps {
    private static final Set<String> MODIFIERS =
            Set.of("rn", "ftz", "sat", "relu", "NaN", "xorsign", "abs", "approx", "oob");

    private interface D1 {
        double of(double a);
    }

    private interface D2 {
        double of(double a, double b);
    }

    private HalfOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        PtxType type = s.type();
        SmallFloat format = type == PtxType.F16 || type == PtxType.F16X2 ? SmallFloat.F16 : SmallFloat.BF16;
        boolean pair = type.bytes == 4;
        if (s.has("xorsign") || s.has("oob")) {
            return null;
        }
        return switch (s.in.opcode()) {
            case "add" -> two(s, format, pair, Double::sum);
            case "sub" -> two(s, format, pair, (a, b) -> a - b);
            case "mul" -> two(s, format, pair, (a, b) -> a * b);
            case "min" -> extreme(s, format, pair, true);
            case "max" -> extreme(s, format, pair, false);
            case "fma", "mad" -> fma(s, format, pair);
            case "neg" -> pair ? Lanes.i1(s, a -> a ^ 0x80008000) : Lanes.i1(s, a -> a ^ 0x8000);
            case "abs" -> pair ? Lanes.i1(s, a -> a & 0x7fff7fff) : Lanes.i1(s, a -> a & 0x7fff);
            case "ex2" -> one(s, format, pair, Approx::exp2);
            case "tanh" -> one(s, format, pair, a -> Approx.tanh((float) a));
            default -> null;
        };
    }

    private static Op one(Site s, SmallFloat format, boolean pair, D1 f) {
        if (!pair) {
            return Lanes.i1(s, a -> format.encode(f.of(format.value(a))));
        }
        return Lanes.i1(
                s,
                a -> format.encode(f.of(format.value(a & 0xffff))) | format.encode(f.of(format.value(a >>> 16))) << 16);
    }

    private static Op two(Site s, SmallFloat format, boolean pair, D2 f) {
        boolean sat = s.has("sat");
        boolean relu = s.has("relu");
        LaneFunctions.I2 single = (a, b) -> end(format, f.of(format.value(a), format.value(b)), sat, relu);
        return pair ? Lanes.i2(s, (a, b) -> both(single, a, b)) : Lanes.i2(s, (a, b) -> single.of(a, b));
    }

    private static int both(LaneFunctions.I2 single, int a, int b) {
        return single.of(a & 0xffff, b & 0xffff) | single.of(a >>> 16, b >>> 16) << 16;
    }

    private static Op fma(Site s, SmallFloat format, boolean pair) {
        boolean sat = s.has("sat");
        boolean relu = s.has("relu");
        if (!pair) {
            return Lanes.i3(
                    s,
                    (a, b, c) -> end(format, (double) format.value(a) * format.value(b) + format.value(c), sat, relu));
        }
        return Lanes.i3(s, (a, b, c) -> {
            double low = (double) format.value(a & 0xffff) * format.value(b & 0xffff) + format.value(c & 0xffff);
            double high = (double) format.value(a >>> 16) * format.value(b >>> 16) + format.value(c >>> 16);
            return end(format, low, sat, relu) | end(format, high, sat, relu) << 16;
        });
    }

    private static int end(SmallFloat format, double value, boolean sat, boolean relu) {
        double v = value;
        if (sat) {
            v = v > 0 ? Math.min(v, 1) : 0;
        } else if (relu && v <= 0) {
            v = 0;
        }
        return format.encode(v);
    }

    private static Op extreme(Site s, SmallFloat format, boolean pair, boolean min) {
        boolean nan = s.has("NaN");
        LaneFunctions.I2 single = (a, b) -> {
            float x = format.value(a);
            float y = format.value(b);
            if (Float.isNaN(x) || Float.isNaN(y)) {
                return nan || Float.isNaN(x) && Float.isNaN(y) ? format.nan() : Float.isNaN(x) ? b : a;
            }
            return format.encode(min ? Math.min(x, y) : Math.max(x, y));
        };
        if (s.operands() == 4) {
            LaneFunctions.I2 two = pair ? (a, b) -> both(single, a, b) : single;
            return Lanes.i3(s, (a, b, c) -> two.of(two.of(a, b), c));
        }
        return pair ? Lanes.i2(s, (a, b) -> both(single, a, b)) : Lanes.i2(s, (a, b) -> single.of(a, b));
    }
}
