package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Bitwise logic and shifts, and logic on predicates. */
final class LogicOps {
    private LogicOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(Set.of());
        if (s.type() == PtxType.PRED) {
            return predicates(s);
        }
        return switch (s.type().bytes) {
            case 8 -> longs(s);
            case 4 -> ints(s);
            case 2 -> shorts(s);
            default -> null;
        };
    }

    private static @Nullable Op ints(Site s) {
        return switch (s.in.opcode()) {
            case "and" -> Lanes.i2(s, (a, b) -> a & b);
            case "or" -> Lanes.i2(s, (a, b) -> a | b);
            case "xor" -> Lanes.i2(s, (a, b) -> a ^ b);
            case "not" -> Lanes.i1(s, a -> ~a);
            case "cnot" -> Lanes.i1(s, a -> a == 0 ? 1 : 0);
            case "shl" -> Lanes.i2(s, (a, b) -> (b & ~31) != 0 ? 0 : a << b);
            case "shr" ->
                s.type().isSigned()
                        ? Lanes.i2(s, (a, b) -> (b & ~31) != 0 ? a >> 31 : a >> b)
                        : Lanes.i2(s, (a, b) -> (b & ~31) != 0 ? 0 : a >>> b);
            default -> null;
        };
    }

    private static @Nullable Op longs(Site s) {
        return switch (s.in.opcode()) {
            case "and" -> Lanes.l2(s, (a, b) -> a & b);
            case "or" -> Lanes.l2(s, (a, b) -> a | b);
            case "xor" -> Lanes.l2(s, (a, b) -> a ^ b);
            case "not" -> Lanes.l1(s, a -> ~a);
            case "cnot" -> Lanes.l1(s, a -> a == 0 ? 1 : 0);
            case "shl" -> Lanes.shift(s, (a, b) -> (b & ~63) != 0 ? 0 : a << b);
            case "shr" ->
                s.type().isSigned()
                        ? Lanes.shift(s, (a, b) -> (b & ~63) != 0 ? a >> 63 : a >> b)
                        : Lanes.shift(s, (a, b) -> (b & ~63) != 0 ? 0 : a >>> b);
            default -> null;
        };
    }

    private static @Nullable Op shorts(Site s) {
        return switch (s.in.opcode()) {
            case "and" -> Lanes.i2(s, (a, b) -> a & b);
            case "or" -> Lanes.i2(s, (a, b) -> a | b);
            case "xor" -> Lanes.i2(s, (a, b) -> a ^ b);
            case "not" -> Lanes.i1(s, a -> ~a & 0xffff);
            case "cnot" -> Lanes.i1(s, a -> a == 0 ? 1 : 0);
            case "shl" -> Lanes.i2(s, (a, b) -> (b & ~15) != 0 ? 0 : a << b & 0xffff);
            case "shr" ->
                s.type().isSigned()
                        ? Lanes.i2(s, (a, b) -> (short) a >> ((b & ~15) != 0 ? 15 : b) & 0xffff)
                        : Lanes.i2(s, (a, b) -> (b & ~15) != 0 ? 0 : a >>> b);
            default -> null;
        };
    }

    private static @Nullable Op predicates(Site s) {
        int d = s.p(s.operand(0));
        PredicateSource x = new PredicateSource(s, 1);
        return switch (s.in.opcode()) {
            case "not" -> new PredicateOp(d, x, x, (a, b) -> ~a);
            case "and" -> new PredicateOp(d, x, new PredicateSource(s, 2), (a, b) -> a & b);
            case "or" -> new PredicateOp(d, x, new PredicateSource(s, 2), (a, b) -> a | b);
            case "xor" -> new PredicateOp(d, x, new PredicateSource(s, 2), (a, b) -> a ^ b);
            default -> null;
        };
    }

    /** A predicate operand or a constant one, as a mask of lanes. */
    static final class PredicateSource {
        private final int index;
        private final int flip;

        PredicateSource(Site s, int operand) {
            if (s.operand(operand) instanceof PtxOperand.Immediate immediate) {
                index = -1;
                flip = immediate.bits() != 0 ? -1 : 0;
            } else {
                index = s.p(s.operand(operand));
                flip = Site.flip(s.operand(operand));
            }
        }

        int mask(Warp w) {
            return (index < 0 ? 0 : w.p[index]) ^ flip;
        }
    }

    static final class PredicateOp extends Op {
        private final int d;
        private final PredicateSource a;
        private final PredicateSource b;
        private final LaneFunctions.I2 f;

        PredicateOp(int d, PredicateSource a, PredicateSource b, LaneFunctions.I2 f) {
            this.d = d;
            this.a = a;
            this.b = b;
            this.f = f;
        }

        @Override
        void run(Warp w) {
            w.p[d] = w.p[d] & ~w.mask | f.of(a.mask(w), b.mask(w)) & w.mask;
        }
    }
}
