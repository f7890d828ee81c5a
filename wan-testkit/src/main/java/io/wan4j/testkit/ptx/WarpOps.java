package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Exchanges, votes and reductions among the lanes of a warp. */
final class WarpOps {
    private static final Set<String> MODIFIERS = Set.of(
            "sync", "up", "down", "bfly", "idx", "all", "any", "uni", "ballot", "add", "min", "max", "and", "or",
            "xor");

    private WarpOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        if (!s.has("sync")
                && !s.in.opcode().equals("activemask")
                && !s.in.opcode().equals("elect")) {
            return null;
        }
        return switch (s.in.opcode()) {
            case "shfl" -> new Shuffle(s);
            case "vote" -> new Vote(s);
            case "match" -> new Match(s);
            case "redux" -> s.type() == PtxType.F32 ? null : new Reduce(s);
            case "elect" -> new Elect(s);
            default -> new ActiveMask(s.di(0));
        };
    }

    /** An op that waits for the lanes named in its mask operand. */
    private abstract static class SyncOp extends Op {
        private final int members;

        SyncOp(Site s, int operand) {
            this.members = s.i(s.operand(operand), PtxType.B32);
        }

        @Override
        final void run(Warp w) {
            int lane = Integer.numberOfTrailingZeros(w.mask);
            int wanted = w.r[members][lane];
            if (!w.converged(this, wanted)) {
                return;
            }
            if ((w.mask & ~wanted) != 0) {
                w.cta.launch.findings.add(
                        Finding.Kind.INVALID_OPERAND,
                        this,
                        new Finding.Place(w, Integer.numberOfTrailingZeros(w.mask & ~wanted), 0),
                        "the executing lane is not in the member mask 0x" + Integer.toHexString(wanted));
            }
            exchange(w);
        }

        abstract void exchange(Warp w);
    }

    private static final class Shuffle extends SyncOp {
        private final int d;
        private final int p;
        private final int a;
        private final int b;
        private final int c;
        private final char mode;

        Shuffle(Site s) {
            super(s, 4);
            PtxOperand to = s.operand(0);
            this.d = s.di(to instanceof PtxOperand.Pair pair ? pair.first() : to);
            this.p = to instanceof PtxOperand.Pair pair ? s.dp(pair.second()) : -1;
            this.a = s.i(1);
            this.b = s.i(s.operand(2), PtxType.U32);
            this.c = s.i(s.operand(3), PtxType.U32);
            this.mode = s.has("up") ? 'u' : s.has("down") ? 'd' : s.has("bfly") ? 'b' : 'i';
        }

        @Override
        void exchange(Warp w) {
            int[] from = w.cta.scratch.lanes;
            System.arraycopy(w.r[a], 0, from, 0, Warp.LANES);
            int[] to = w.r[d];
            int inRange = 0;
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                int by = w.r[b][lane] & 31;
                int clamp = w.r[c][lane] & 31;
                int segment = w.r[c][lane] >> 8 & 31;
                int low = lane & segment;
                int high = low | clamp & ~segment;
                int source = switch (mode) {
                    case 'u' -> lane - by;
                    case 'd' -> lane + by;
                    case 'b' -> lane ^ by;
                    default -> low | by & ~segment;
                };
                if (mode == 'u' ? source >= high : source <= high) {
                    inRange |= 1 << lane;
                    if ((w.mask >> source & 1) == 0) {
                        w.cta.launch.findings.add(
                                Finding.Kind.INVALID_OPERAND,
                                this,
                                new Finding.Place(w, lane, 0),
                                "reads lane " + source + ", which does not take part");
                    }
                } else {
                    source = lane;
                }
                to[lane] = from[source];
            }
            if (p >= 0) {
                w.p[p] = w.p[p] & ~w.mask | inRange;
            }
        }
    }

    private static final class Vote extends SyncOp {
        private final boolean ballot;
        private final int d;
        private final LogicOps.PredicateSource a;
        private final char mode;

        Vote(Site s) {
            super(s, 2);
            this.ballot = s.has("ballot");
            this.d = ballot ? s.di(0) : s.dp(s.operand(0));
            this.a = new LogicOps.PredicateSource(s, 1);
            this.mode = s.has("all") ? 'a' : s.has("any") ? 'o' : 'u';
        }

        @Override
        void exchange(Warp w) {
            int yes = a.mask(w) & w.mask;
            if (ballot) {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    w.r[d][Integer.numberOfTrailingZeros(m)] = yes;
                }
                return;
            }
            boolean result = mode == 'a' ? yes == w.mask : mode == 'o' ? yes != 0 : yes == w.mask || yes == 0;
            w.p[d] = w.p[d] & ~w.mask | (result ? w.mask : 0);
        }
    }

    private static final class Match extends SyncOp {
        private final int d;
        private final int p;
        private final int a;
        private final boolean wide;
        private final boolean all;

        Match(Site s) {
            super(s, 2);
            PtxOperand to = s.operand(0);
            this.d = s.di(to instanceof PtxOperand.Pair pair ? pair.first() : to);
            this.p = to instanceof PtxOperand.Pair pair ? s.dp(pair.second()) : -1;
            this.wide = s.type().isWide();
            this.a = wide ? s.l(1) : s.i(1);
            this.all = s.has("all");
        }

        private long value(Warp w, int lane) {
            return wide ? w.l[a][lane] : w.r[a][lane];
        }

        @Override
        void exchange(Warp w) {
            int[] result = w.cta.scratch.lanes;
            int same = 0;
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                same = 0;
                for (int n = w.mask; n != 0; n &= n - 1) {
                    int other = Integer.numberOfTrailingZeros(n);
                    same |= value(w, other) == value(w, lane) ? 1 << other : 0;
                }
                result[lane] = all && same != w.mask ? 0 : same;
            }
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                w.r[d][lane] = result[lane];
            }
            if (p >= 0) {
                w.p[p] = w.p[p] & ~w.mask | (same == w.mask ? w.mask : 0);
            }
        }
    }

    private static final class Reduce extends SyncOp {
        private final int d;
        private final int a;
        private final LaneFunctions.I2 f;

        Reduce(Site s) {
            super(s, 2);
            this.d = s.di(0);
            this.a = s.i(1);
            boolean signed = s.type().isSigned();
            if (s.has("add")) {
                this.f = Integer::sum;
            } else if (s.has("and")) {
                this.f = (x, y) -> x & y;
            } else if (s.has("or")) {
                this.f = (x, y) -> x | y;
            } else if (s.has("xor")) {
                this.f = (x, y) -> x ^ y;
            } else if (s.has("min")) {
                this.f = signed ? Math::min : (x, y) -> Integer.compareUnsigned(x, y) < 0 ? x : y;
            } else {
                this.f = signed ? Math::max : (x, y) -> Integer.compareUnsigned(x, y) < 0 ? y : x;
            }
        }

        @Override
        void exchange(Warp w) {
            int first = Integer.numberOfTrailingZeros(w.mask);
            int result = w.r[a][first];
            for (int m = w.mask & w.mask - 1; m != 0; m &= m - 1) {
                result = f.of(result, w.r[a][Integer.numberOfTrailingZeros(m)]);
            }
            for (int m = w.mask; m != 0; m &= m - 1) {
                w.r[d][Integer.numberOfTrailingZeros(m)] = result;
            }
        }
    }

    private static final class Elect extends SyncOp {
        private final int d;
        private final int p;

        Elect(Site s) {
            super(s, 1);
            PtxOperand to = s.operand(0);
            if (!(to instanceof PtxOperand.Pair pair)) {
                throw s.unsupported();
            }
            this.d = s.di(pair.first());
            this.p = s.dp(pair.second());
        }

        @Override
        void exchange(Warp w) {
            int leader = Integer.lowestOneBit(w.mask);
            for (int m = w.mask; m != 0; m &= m - 1) {
                w.r[d][Integer.numberOfTrailingZeros(m)] = Integer.numberOfTrailingZeros(leader);
            }
            w.p[p] = w.p[p] & ~w.mask | leader;
        }
    }

    private static final class ActiveMask extends Op {
        private final int d;

        ActiveMask(int d) {
            this.d = d;
        }

        @Override
        void run(Warp w) {
            for (int m = w.mask; m != 0; m &= m - 1) {
                w.r[d][Integer.numberOfTrailingZeros(m)] = w.mask;
            }
        }
    }
}
