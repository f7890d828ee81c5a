package io.wan4j.testkit.ptx;

import org.jspecify.annotations.Nullable;

/** Conversions of pairs, to and from 8-bit floats. */
final class PackedConvertOps {
    private PackedConvertOps() {}

    static @Nullable Op translate(Site s, PtxType to, PtxType from) {
        SmallFloat target = format(to);
        if (from == PtxType.F32 && target != null && s.operands() == 3) {
            return fromFloats(s, target);
        }
        SmallFloat source = format(from);
        if (source == null || target == null || s.operands() != 2) {
            return null;
        }
        return pairs(s, to, from, target, source);
    }

    private static @Nullable SmallFloat format(PtxType type) {
        return switch (type) {
            case F16X2 -> SmallFloat.F16;
            case BF16X2 -> SmallFloat.BF16;
            case E4M3X2 -> SmallFloat.E4M3;
            case E5M2X2 -> SmallFloat.E5M2;
            default -> null;
        };
    }

    /** Two floats: the first operand goes to the upper half. */
    private static Op fromFloats(Site s, SmallFloat target) {
        Rounding mode = Rounding.of(s.in);
        boolean relu = s.has("relu");
        boolean eight = target == SmallFloat.E4M3 || target == SmallFloat.E5M2;
        boolean satfinite = s.has("satfinite");
        if (eight && !satfinite) {
            throw s.unsupported();
        }
        int shift = eight ? 8 : 16;
        int a = s.i(s.operand(1), PtxType.F32);
        int b = s.i(s.operand(2), PtxType.F32);
        if (target == SmallFloat.BF16 && mode == Rounding.NEAREST && !relu && !satfinite) {
            return Lanes.i2((x, y) -> ConvertOps.bf16(x) << 16 | ConvertOps.bf16(y), s.di(0), a, b);
        }
        return Lanes.i2(
                (x, y) -> encode(target, FloatOps.f(x), mode, satfinite, relu) << shift
                        | encode(target, FloatOps.f(y), mode, satfinite, relu),
                s.di(0),
                a,
                b);
    }

    private static int encode(SmallFloat target, double value, Rounding mode, boolean satfinite, boolean relu) {
        return ConvertOps.encode(target, relu && value <= 0 ? 0 : value, mode, satfinite);
    }

    private static Op pairs(Site s, PtxType to, PtxType from, SmallFloat target, SmallFloat source) {
        int fromShift = from.bytes * 4;
        int toShift = to.bytes * 4;
        int keep = (1 << fromShift) - 1;
        boolean relu = s.has("relu");
        boolean satfinite = s.has("satfinite");
        Rounding mode = Rounding.of(s.in);
        float[] table = source.table();
        return Lanes.i1(
                x -> encode(target, table[x >>> fromShift & keep], mode, satfinite, relu) << toShift
                        | encode(target, table[x & keep], mode, satfinite, relu),
                s.di(0),
                s.i(s.operand(1), PtxType.B32));
    }

    /** cvt.pack.sat: two integers to the low half of the result, the low half of c to the upper one. */
    static @Nullable Op pack(Site s) {
        PtxType to = s.in.types().get(0);
        if (!s.has("sat") || s.in.types().get(1) != PtxType.S32) {
            return null;
        }
        int bits = to.bytes * 8;
        int low = to.isSigned() ? -(1 << bits - 1) : 0;
        int high = to.isSigned() ? (1 << bits - 1) - 1 : (1 << bits) - 1;
        int keep = (1 << bits) - 1;
        LaneFunctions.I2 both =
                (a, b) -> (Math.max(low, Math.min(high, a)) & keep) << bits | Math.max(low, Math.min(high, b)) & keep;
        int a = s.i(s.operand(1), PtxType.S32);
        int b = s.i(s.operand(2), PtxType.S32);
        if (bits == 16) {
            return Lanes.i2(both, s.di(0), a, b);
        }
        return bits == 8
                ? Lanes.i3((x, y, c) -> both.of(x, y) | c << 16, s.di(0), a, b, s.i(s.operand(3), PtxType.B32))
                : null;
    }
}
