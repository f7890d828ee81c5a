package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Moves, packing and unpacking, and conversions between address spaces. */
final class MoveOps {
    private static final Set<String> SPACES = Set.of(
            "to", "global", "shared", "shared::cta", "shared::cluster", "local", "const", "param", "param::entry");

    private MoveOps() {}

    static @Nullable Op translate(Site s) {
        return switch (s.in.opcode()) {
            case "mov" -> move(s.allow(Set.of()));
            case "cvta" -> convert(s.allow(SPACES));
            case "isspacep" -> inSpace(s.allow(SPACES));
            case "mapa" -> map(s.allow(SPACES));
            case "createpolicy" -> Lanes.l1(a -> a, s.dl(0), s.translator.banks.constant(0L));
            default -> rank(s.allow(SPACES));
        };
    }

    private static Op move(Site s) {
        PtxOperand d = s.operand(0);
        PtxOperand a = s.operand(1);
        if (s.type() == PtxType.PRED) {
            var source = new LogicOps.PredicateSource(s, 1);
            return new LogicOps.PredicateOp(s.p(d), source, source, (x, y) -> x);
        }
        if (d instanceof PtxOperand.Vector vector) {
            return unpack(s, vector.elements(), a);
        }
        if (a instanceof PtxOperand.Vector vector) {
            return pack(s, d, vector.elements());
        }
        if (a instanceof PtxOperand.Special special && isClock(special.name())) {
            return new ReadClock(s.type().isWide(), s.type().isWide() ? s.dl(0) : s.di(0));
        }
        if (s.type().isWide()) {
            return Lanes.l1(x -> x, s.dl(0), s.l(1));
        }
        return Lanes.i1(s, x -> x);
    }

    private static boolean isClock(String name) {
        return name.startsWith("%clock") || name.startsWith("%globaltimer");
    }

    private static Op pack(Site s, PtxOperand d, List<PtxOperand> from) {
        int bits = s.type().bytes * 8 / from.size();
        if (!s.type().isWide()) {
            int low = s.i(from.get(0), PtxType.B16);
            int high = s.i(from.get(1), PtxType.B16);
            if (from.size() == 2) {
                return bits == 16
                        ? Lanes.i2((a, b) -> a & 0xffff | b << 16, s.di(d), low, high)
                        : Lanes.i2((a, b) -> a & 0xff | (b & 0xff) << 8, s.di(d), low, high);
            }
            int third = s.i(from.get(2), PtxType.B16);
            int fourth = s.i(from.get(3), PtxType.B16);
            return Lanes.i4(
                    (a, b, x, y) -> a & 0xff | (b & 0xff) << 8 | (x & 0xff) << 16 | y << 24,
                    s.di(d),
                    low,
                    high,
                    third,
                    fourth);
        }
        int to = s.dl(d);
        int[] k = from.stream()
                .mapToInt(o -> s.i(o, bits == 32 ? PtxType.B32 : PtxType.B16))
                .toArray();
        long keep = (1L << bits) - 1;
        return new Op() {
            @Override
            void run(Warp w) {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int lane = Integer.numberOfTrailingZeros(m);
                    long value = 0;
                    for (int i = 0; i < k.length; i++) {
                        value |= (w.r[k[i]][lane] & keep) << i * bits;
                    }
                    w.l[to][lane] = value;
                }
            }
        };
    }

    private static Op unpack(Site s, List<PtxOperand> to, PtxOperand a) {
        int bits = s.type().bytes * 8 / to.size();
        boolean wide = s.type().isWide();
        int from = wide ? s.l(a) : s.i(a, s.type());
        int[] k = to.stream().mapToInt(s::di).toArray();
        long keep = (1L << bits) - 1;
        return new Op() {
            @Override
            void run(Warp w) {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int lane = Integer.numberOfTrailingZeros(m);
                    long value = wide ? w.l[from][lane] : w.r[from][lane];
                    for (int i = 0; i < k.length; i++) {
                        w.r[k[i]][lane] = (int) (value >>> i * bits & keep);
                    }
                }
            }
        };
    }

    private static long window(Site s) {
        if (s.has("shared") || s.has("shared::cta") || s.has("shared::cluster")) {
            return Launch.SHARED_WINDOW;
        }
        return s.has("local") ? Launch.LOCAL_WINDOW : 0;
    }

    private static Op convert(Site s) {
        long window = window(s);
        if (!s.type().isWide()) {
            throw s.unsupported();
        }
        if (window == 0) {
            return Lanes.l1(a -> a, s.dl(0), s.l(1));
        }
        return s.has("to")
                ? Lanes.l1(a -> a & 0xffffffffL, s.dl(0), s.l(1))
                : Lanes.l1(a -> a | window, s.dl(0), s.l(1));
    }

    private static Op inSpace(Site s) {
        long window = window(s) >>> Launch.WINDOW_BITS;
        if (window == 0 && !s.has("global")) {
            throw s.unsupported();
        }
        LaneFunctions.LTest test = window != 0
                ? (a, b) -> a >>> Launch.WINDOW_BITS == window
                : (a, b) -> a >>> Launch.WINDOW_BITS < Launch.SHARED_WINDOW >>> Launch.WINDOW_BITS;
        return Specialized.op(
                LaneOps.LongTests.class, LaneFunctions.LTest.class, test, s.p(s.operand(0)), s.l(1), s.l(1));
    }

    private static Op map(Site s) {
        int rank = s.i(s.operand(2), PtxType.U32);
        if (s.type().isWide()) {
            return Specialized.op(
                    LaneOps.LongShift.class,
                    LaneFunctions.Shift.class,
                    (a, b) -> a & ~0xff000000L | (long) b << SharedMemory.RANK_SHIFT,
                    s.dl(0),
                    s.l(1),
                    rank);
        }
        return Lanes.i2((a, b) -> a & SharedMemory.OFFSET_MASK | b << SharedMemory.RANK_SHIFT, s.di(0), s.i(1), rank);
    }

    private static Op rank(Site s) {
        if (!s.in.opcode().equals("getctarank")) {
            throw new UnsupportedException(s.in.opcode());
        }
        return s.isWide(1)
                ? Lanes.narrow(a -> (int) (a >> SharedMemory.RANK_SHIFT) & 0xff, s.di(0), s.l(1))
                : Lanes.i1(a -> a >>> SharedMemory.RANK_SHIFT, s.di(0), s.i(s.operand(1), PtxType.U32));
    }

    private static final class ReadClock extends Op {
        private final boolean wide;
        private final int d;

        ReadClock(boolean wide, int d) {
            this.wide = wide;
            this.d = d;
        }

        @Override
        void run(Warp w) {
            long now = w.cta.ticks();
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                if (wide) {
                    w.l[d][lane] = now;
                } else {
                    w.r[d][lane] = (int) now;
                }
            }
        }
    }
}
