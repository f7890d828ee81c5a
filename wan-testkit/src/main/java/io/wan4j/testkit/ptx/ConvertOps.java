package io.wan4j.testkit.ptx;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Conversions between the usual types; packed and 8-bit formats are in {@link PackedConvertOps}. */
final class ConvertOps {
    private static final Set<String> MODIFIERS = Set.of(
            "rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi", "rna", "ftz", "sat", "satfinite", "relu", "pack");

    private ConvertOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        List<PtxType> types = s.in.types();
        if (s.has("pack")) {
            return PackedConvertOps.pack(s);
        }
        PtxType to = types.get(0);
        PtxType from = types.get(1);
        if (isPacked(to) || isPacked(from) || s.operands() > 2) {
            return PackedConvertOps.translate(s, to, from);
        }
        if (to == PtxType.TF32) {
            return Lanes.i1(
                    s,
                    a -> (a & 0x7f800000) == 0x7f800000 ? a : a + 0xfff + (s.has("rna") ? 1 : a >> 13 & 1) & ~0x1fff);
        }
        if (to.isInteger()) {
            return from.isInteger() ? integers(s, to, from) : realToInteger(s, to, from);
        }
        return from.isInteger() ? integerToReal(s, to, from) : reals(s, to, from);
    }

    private static boolean isPacked(PtxType type) {
        return switch (type) {
            case F16X2, BF16X2, E4M3X2, E5M2X2, E4M3, E5M2 -> true;
            default -> false;
        };
    }

    // ---- integer to integer

    private static Op integers(Site s, PtxType to, PtxType from) {
        if (s.has("sat")) {
            return general(s, to, bits -> clamp(extend(bits, from), to));
        }
        boolean wideTo = Site.isWide(s.operand(0));
        boolean wideFrom = wide(s, 1, from);
        if (!wideTo && !wideFrom && registerBytes(s) == 4 && to.bytes == 4) {
            switch (from) {
                case U16, B16 -> {
                    return Lanes.i1(a -> a & 0xffff, s.di(0), s.i(s.operand(1), from));
                }
                case S16 -> {
                    return Lanes.i1(a -> (short) a, s.di(0), s.i(s.operand(1), from));
                }
                case U32, S32, B32 -> {
                    return Lanes.i1(a -> a, s.di(0), s.i(s.operand(1), from));
                }
                default -> {}
            }
        }
        if (wideTo && !wideFrom && to.bytes == 8 && from.bytes == 4) {
            return from.isSigned()
                    ? Lanes.widen(a -> a, s.dl(0), s.i(s.operand(1), from))
                    : Lanes.widen(a -> a & 0xffffffffL, s.dl(0), s.i(s.operand(1), from));
        }
        if (!wideTo && wideFrom && to.bytes == 4 && from.bytes == 8) {
            return Lanes.narrow(a -> (int) a, s.di(0), s.l(1));
        }
        return general(s, to, bits -> extend(bits, from));
    }

    private static boolean wide(Site s, int operand, PtxType type) {
        return s.operand(operand) instanceof PtxOperand.Register ? s.isWide(operand) : type.isWide();
    }

    private static int registerBytes(Site s) {
        return s.operand(0) instanceof PtxOperand.Register reg ? reg.register().type.bytes : 4;
    }

    private static long extend(long bits, PtxType type) {
        return switch (type) {
            case U8, B8 -> bits & 0xff;
            case S8 -> (byte) bits;
            case U16, B16 -> bits & 0xffff;
            case S16 -> (short) bits;
            case U32, B32 -> bits & 0xffffffffL;
            case S32 -> (int) bits;
            default -> bits;
        };
    }

    private static long clamp(long value, PtxType to) {
        if (to.bytes == 8) {
            return value;
        }
        int bits = to.bytes * 8;
        long low = to.isSigned() ? -(1L << bits - 1) : 0;
        long high = to.isSigned() ? (1L << bits - 1) - 1 : (1L << bits) - 1;
        return Math.max(low, Math.min(high, value));
    }

    /** Any banks: the result is extended from its type to its register. */
    private static Op general(Site s, PtxType to, LaneFunctions.L1 f) {
        PtxType from = s.in.types().get(1);
        boolean wideFrom = wide(s, 1, from);
        int a = wideFrom ? s.l(1) : s.i(s.operand(1), from);
        LaneFunctions.L1 g = bits -> extend(f.of(bits), to);
        if (Site.isWide(s.operand(0))) {
            return wideFrom ? Lanes.l1(g, s.dl(0), a) : Lanes.widen(x -> g.of(x), s.dl(0), a);
        }
        int keep = registerBytes(s) == 2 ? 0xffff : -1;
        return wideFrom
                ? Lanes.narrow(x -> (int) g.of(x) & keep, s.di(0), a)
                : Lanes.i1(x -> (int) g.of(x) & keep, s.di(0), a);
    }

    // ---- real to integer

    private static Op realToInteger(Site s, PtxType to, PtxType from) {
        Rounding mode = Rounding.of(s.in);
        boolean ftz = s.has("ftz");
        if (from == PtxType.F32 && to == PtxType.S32 && !ftz) {
            return switch (mode) {
                case NEAREST -> Lanes.i1(s, a -> (int) Math.rint(FloatOps.f(a)));
                case ZERO -> Lanes.i1(s, a -> (int) FloatOps.f(a));
                default -> Lanes.i1(s, a -> (int) mode.toInteger(FloatOps.f(a)));
            };
        }
        return general(s, to, bits -> {
            double value = real(ftz && from == PtxType.F32 ? FloatOps.flush((int) bits) : bits, from);
            return saturate(mode.toInteger(value), to);
        });
    }

    /** Conversion of reals to integers clamps; NaN gives 0. */
    private static long saturate(double value, PtxType to) {
        if (to == PtxType.U64 || to == PtxType.B64) {
            if (!(value > 0)) {
                return 0;
            }
            return value >= 0x1p64 ? -1 : value >= 0x1p63 ? (long) (value - 0x1p63) | Long.MIN_VALUE : (long) value;
        }
        return clamp((long) value, to);
    }

    static double real(long bits, PtxType type) {
        return switch (type) {
            case F32 -> FloatOps.f((int) bits);
            case F64 -> Double.longBitsToDouble(bits);
            case F16 -> SmallFloat.F16.value((int) bits & 0xffff);
            case BF16 -> SmallFloat.BF16.value((int) bits & 0xffff);
            default -> (double) extend(bits, type);
        };
    }

    // ---- to real

    private static @Nullable Op integerToReal(Site s, PtxType to, PtxType from) {
        Rounding mode = Rounding.of(s.in);
        boolean wideFrom = wide(s, 1, from);
        if (to == PtxType.F32 && mode == Rounding.NEAREST && !wideFrom && !s.has("sat")) {
            int a = s.i(s.operand(1), from);
            return from == PtxType.S32
                    ? Lanes.i1(x -> FloatOps.b((float) x), s.di(0), a)
                    : Lanes.i1(x -> FloatOps.b((float) extend(x, from)), s.di(0), a);
        }
        LaneFunctions.L1 f = switch (to) {
            case F32 ->
                bits -> {
                    long v = extend(bits, from);
                    float r = from == PtxType.U64 && v < 0
                            ? (float) (v >>> 1 | v & 1) * 2
                            : mode == Rounding.NEAREST
                                    ? (float) v
                                    : mode.toFloat((double) v, (double) (v - (long) (double) v));
                    return FloatOps.b(s.has("sat") ? FloatOps.saturate(r) : r);
                };
            case F64 ->
                bits -> {
                    long v = extend(bits, from);
                    return Double.doubleToRawLongBits(
                            from == PtxType.U64 && v < 0 ? (double) (v >>> 1 | v & 1) * 2 : (double) v);
                };
            case F16 -> bits -> SmallFloat.F16.encode((double) extend(bits, from));
            case BF16 -> bits -> SmallFloat.BF16.encode((double) extend(bits, from));
            default -> null;
        };
        return f == null || mode != Rounding.NEAREST && to != PtxType.F32 ? null : raw(s, from, f);
    }

    /** Like general, without extension of the result. */
    private static Op raw(Site s, PtxType from, LaneFunctions.L1 f) {
        boolean wideFrom = wide(s, 1, from);
        int a = wideFrom ? s.l(1) : s.i(s.operand(1), from);
        if (Site.isWide(s.operand(0))) {
            return wideFrom ? Lanes.l1(f, s.dl(0), a) : Lanes.widen(x -> f.of(x), s.dl(0), a);
        }
        return wideFrom ? Lanes.narrow(x -> (int) f.of(x), s.di(0), a) : Lanes.i1(x -> (int) f.of(x), s.di(0), a);
    }

    private static @Nullable Op reals(Site s, PtxType to, PtxType from) {
        if (from == PtxType.F32 && to == PtxType.BF16 && s.has("rn") && !s.has("relu") && !s.has("satfinite")) {
            return Lanes.i1(s, ConvertOps::bf16);
        }
        if (from == PtxType.F16 && to == PtxType.F32 && !s.has("ftz") && !s.has("sat")) {
            float[] table = SmallFloat.F16.table();
            return Lanes.i1(s, a -> FloatOps.b(table[a & 0xffff]));
        }
        if (from == PtxType.BF16 && to == PtxType.F32) {
            return Lanes.i1(s, a -> a << 16);
        }
        boolean integral =
                s.in.modifiers().stream().anyMatch(m -> m.length() == 3 && m.startsWith("r") && m.endsWith("i"));
        Rounding mode = Rounding.of(s.in);
        boolean ftz = s.has("ftz");
        return raw(s, from, bits -> {
            double value = real(ftz && from == PtxType.F32 ? FloatOps.flush((int) bits) : bits, from);
            value = integral ? Math.copySign(mode.toInteger(value), value) : value;
            value = s.has("sat") ? (value > 0 ? Math.min(value, 1) : 0) : value;
            value = s.has("relu") && value <= 0 ? 0 : value;
            return switch (to) {
                case F32 -> {
                    int result = FloatOps.b(mode.toFloat(value, 0));
                    yield ftz ? FloatOps.flush(result) : result;
                }
                case F64 -> Double.doubleToRawLongBits(value);
                default ->
                    encode(to == PtxType.F16 ? SmallFloat.F16 : SmallFloat.BF16, value, mode, s.has("satfinite"));
            };
        });
    }

    static int encode(SmallFloat format, double value, Rounding mode, boolean satfinite) {
        if (mode == Rounding.ZERO) {
            return satfinite && Double.isInfinite(value)
                    ? format.encodeSaturated(value)
                    : format.encodeTowardsZero(value);
        }
        return satfinite ? format.encodeSaturated(value) : format.encode(value);
    }

    /** f32 to bf16, to nearest even. */
    static int bf16(int bits) {
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return 0x7fff;
        }
        return bits + 0x7fff + (bits >>> 16 & 1) >>> 16;
    }
}
