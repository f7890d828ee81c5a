package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import io.wan4j.testkit.ptx.LaneFunctions.ITest;
import io.wan4j.testkit.ptx.LaneFunctions.LTest;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Comparisons. */
final class CompareOps {
    private static final Set<String> MODIFIERS = Set.of(
            "eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num",
            "nan", "and", "or", "xor", "ftz");

    private CompareOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        String compare = s.in.modifiers().get(0);
        boolean set = s.in.opcode().equals("set");
        if (s.type().bytes == 4 && s.type() != PtxType.F32 && !s.type().isInteger()) {
            return pairs(s, compare, set);
        }
        int base = s.translator.banks.newPredicate();
        Op test = test(s, compare, base);
        PtxOperand d = s.operand(0);
        if (!set && !(d instanceof PtxOperand.Pair) && s.operands() == 3) {
            int direct = s.dp(d);
            return test(s, compare, direct);
        }
        LogicOps.@Nullable PredicateSource other = s.operands() > 3 ? new LogicOps.PredicateSource(s, 3) : null;
        if (set) {
            return new Set32(s, test, base, other);
        }
        int p = s.dp(d instanceof PtxOperand.Pair pair ? pair.first() : d);
        int q = d instanceof PtxOperand.Pair pair ? s.dp(pair.second()) : -1;
        return new Combined(s, test, new int[] {base, p, q}, other);
    }

    private static Op test(Site s, String compare, int d) {
        PtxType type = s.type();
        if (type.bytes == 8) {
            LTest f = type == PtxType.F64 ? doubles(compare) : longs(compare, type.isSigned());
            return Specialized.op(LaneOps.LongTests.class, LTest.class, f, d, s.l(1), s.l(2));
        }
        ITest f = switch (type) {
            case F32 -> floats(compare, s.has("ftz"));
            case F16 -> halves(compare, SmallFloat.F16);
            case BF16 -> halves(compare, SmallFloat.BF16);
            default -> type.bytes == 2 ? shorts(compare, type.isSigned()) : ints(compare, type.isSigned());
        };
        return Specialized.op(LaneOps.IntTests.class, ITest.class, f, d, s.i(1), s.i(2));
    }

    private static ITest ints(String compare, boolean signed) {
        if (signed) {
            return switch (compare) {
                case "eq" -> (a, b) -> a == b;
                case "ne" -> (a, b) -> a != b;
                case "lt" -> (a, b) -> a < b;
                case "le" -> (a, b) -> a <= b;
                case "gt" -> (a, b) -> a > b;
                case "ge" -> (a, b) -> a >= b;
                default -> throw unknown(compare);
            };
        }
        return switch (compare) {
            case "eq" -> (a, b) -> a == b;
            case "ne" -> (a, b) -> a != b;
            case "lt", "lo" -> (a, b) -> a + Integer.MIN_VALUE < b + Integer.MIN_VALUE;
            case "le", "ls" -> (a, b) -> a + Integer.MIN_VALUE <= b + Integer.MIN_VALUE;
            case "gt", "hi" -> (a, b) -> a + Integer.MIN_VALUE > b + Integer.MIN_VALUE;
            case "ge", "hs" -> (a, b) -> a + Integer.MIN_VALUE >= b + Integer.MIN_VALUE;
            default -> throw unknown(compare);
        };
    }

    private static ITest shorts(String compare, boolean signed) {
        ITest f = ints(compare, true);
        return signed ? (a, b) -> f.of((short) a, (short) b) : (a, b) -> f.of(a & 0xffff, b & 0xffff);
    }

    private static LTest longs(String compare, boolean signed) {
        if (signed) {
            return switch (compare) {
                case "eq" -> (a, b) -> a == b;
                case "ne" -> (a, b) -> a != b;
                case "lt" -> (a, b) -> a < b;
                case "le" -> (a, b) -> a <= b;
                case "gt" -> (a, b) -> a > b;
                case "ge" -> (a, b) -> a >= b;
                default -> throw unknown(compare);
            };
        }
        return switch (compare) {
            case "eq" -> (a, b) -> a == b;
            case "ne" -> (a, b) -> a != b;
            case "lt", "lo" -> (a, b) -> a + Long.MIN_VALUE < b + Long.MIN_VALUE;
            case "le", "ls" -> (a, b) -> a + Long.MIN_VALUE <= b + Long.MIN_VALUE;
            case "gt", "hi" -> (a, b) -> a + Long.MIN_VALUE > b + Long.MIN_VALUE;
            case "ge", "hs" -> (a, b) -> a + Long.MIN_VALUE >= b + Long.MIN_VALUE;
            default -> throw unknown(compare);
        };
    }

    private interface FTest {
        boolean of(double a, double b);
    }

    private static FTest reals(String compare) {
        return switch (compare) {
            case "eq" -> (a, b) -> a == b;
            case "ne" -> (a, b) -> a < b || a > b;
            case "lt" -> (a, b) -> a < b;
            case "le" -> (a, b) -> a <= b;
            case "gt" -> (a, b) -> a > b;
            case "ge" -> (a, b) -> a >= b;
            case "equ" -> (a, b) -> !(a < b || a > b);
            case "neu" -> (a, b) -> a != b;
            case "ltu" -> (a, b) -> !(a >= b);
            case "leu" -> (a, b) -> !(a > b);
            case "gtu" -> (a, b) -> !(a <= b);
            case "geu" -> (a, b) -> !(a < b);
            case "num" -> (a, b) -> !Double.isNaN(a) && !Double.isNaN(b);
            case "nan" -> (a, b) -> Double.isNaN(a) || Double.isNaN(b);
            default -> throw unknown(compare);
        };
    }

    private static LTest doubles(String compare) {
        FTest f = reals(compare);
        return (a, b) -> f.of(Double.longBitsToDouble(a), Double.longBitsToDouble(b));
    }

    private static ITest floats(String compare, boolean ftz) {
        FTest f = reals(compare);
        if (ftz) {
            return (a, b) -> f.of(FloatOps.f(FloatOps.flush(a)), FloatOps.f(FloatOps.flush(b)));
        }
        return switch (compare) {
            case "eq" -> (a, b) -> FloatOps.f(a) == FloatOps.f(b);
            case "lt" -> (a, b) -> FloatOps.f(a) < FloatOps.f(b);
            case "le" -> (a, b) -> FloatOps.f(a) <= FloatOps.f(b);
            case "gt" -> (a, b) -> FloatOps.f(a) > FloatOps.f(b);
            case "ge" -> (a, b) -> FloatOps.f(a) >= FloatOps.f(b);
            case "neu" -> (a, b) -> FloatOps.f(a) != FloatOps.f(b);
            default -> (a, b) -> f.of(FloatOps.f(a), FloatOps.f(b));
        };
    }

    private static ITest halves(String compare, SmallFloat format) {
        FTest f = reals(compare);
        return (a, b) -> f.of(format.value(a & 0xffff), format.value(b & 0xffff));
    }

    private static UnsupportedException unknown(String compare) {
        return new UnsupportedException("comparison ." + compare + " is not simulated for this type");
    }

    /** f16x2 and bf16x2: both halves are compared; the results go to two predicates or two halves. */
    private static @Nullable Op pairs(Site s, String compare, boolean set) {
        ITest f = halves(compare, s.type() == PtxType.F16X2 ? SmallFloat.F16 : SmallFloat.BF16);
        if (set) {
            if (s.operands() > 3) {
                return null;
            }
            PtxType result = s.in.types().get(0);
            int one = result == PtxType.F16X2 ? 0x3c00 : result == PtxType.BF16X2 ? 0x3f80 : 0xffff;
            return Lanes.i2(s, (a, b) -> (f.of(a, b) ? one : 0) | (f.of(a >>> 16, b >>> 16) ? one << 16 : 0));
        }
        if (!(s.operand(0) instanceof PtxOperand.Pair pair) || s.operands() > 3) {
            return null;
        }
        ITest upper = (a, b) -> f.of(a >>> 16, b >>> 16);
        int a = s.i(1);
        int b = s.i(2);
        Op low = Specialized.op(LaneOps.IntTests.class, ITest.class, f, s.dp(pair.first()), a, b);
        Op high = Specialized.op(LaneOps.IntTests.class, ITest.class, upper, s.dp(pair.second()), a, b);
        return new Op() {
            @Override
            void run(Warp w) {
                low.run(w);
                high.run(w);
            }
        };
    }

    private static int combine(List<String> modifiers, int test, int other) {
        if (modifiers.contains("and")) {
            return test & other;
        }
        return modifiers.contains("or") ? test | other : test ^ other;
    }

    /** Registers: the test's result, p, q or -1. */
    private static final class Combined extends Op {
        private final List<String> modifiers;
        private final Op test;
        private final int[] k;
        private final LogicOps.@Nullable PredicateSource other;

        Combined(Site s, Op test, int[] k, LogicOps.@Nullable PredicateSource other) {
            this.modifiers = s.in.modifiers();
            this.test = test;
            this.k = k;
            this.other = other;
        }

        @Override
        void run(Warp w) {
            test.run(w);
            int yes = w.p[k[0]];
            int no = ~yes;
            if (other != null) {
                int mask = other.mask(w);
                no = combine(modifiers, no, mask);
                yes = combine(modifiers, yes, mask);
            }
            w.p[k[1]] = w.p[k[1]] & ~w.mask | yes & w.mask;
            if (k[2] >= 0) {
                w.p[k[2]] = w.p[k[2]] & ~w.mask | no & w.mask;
            }
        }
    }

    private static final class Set32 extends Op {
        private final List<String> modifiers;
        private final Op test;
        private final int base;
        private final int d;
        private final int one;
        private final LogicOps.@Nullable PredicateSource other;

        Set32(Site s, Op test, int base, LogicOps.@Nullable PredicateSource other) {
            this.modifiers = s.in.modifiers();
            this.test = test;
            this.base = base;
            this.other = other;
            this.d = s.di(0);
            this.one = switch (s.in.types().get(0)) {
                case F32 -> 0x3f800000;
                case F16 -> 0x3c00;
                case BF16 -> 0x3f80;
                case U16, S16, B16 -> 0xffff;
                default -> -1;
            };
        }

        @Override
        void run(Warp w) {
            test.run(w);
            int yes = other == null ? w.p[base] : combine(modifiers, w.p[base], other.mask(w));
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                w.r[d][lane] = (yes >> lane & 1) != 0 ? one : 0;
            }
        }
    }
}
