package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Selections. */
final class SelectOps {
    private SelectOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(Set.of("ftz"));
        if (s.in.opcode().equals("slct")) {
            return slct(s);
        }
        var condition = new LogicOps.PredicateSource(s, 3);
        return s.type().isWide()
                ? new Wide(condition, s.dl(0), s.l(1), s.l(2))
                : new Narrow(condition, s.di(0), s.i(1), s.i(2));
    }

    private static @Nullable Op slct(Site s) {
        PtxType type = s.in.types().get(0);
        if (type.isWide() || s.type() != PtxType.S32) {
            return null;
        }
        return Lanes.i3((a, b, c) -> c >= 0 ? a : b, s.di(0), s.i(s.operand(1), type), s.i(s.operand(2), type), s.i(3));
    }

    private static final class Narrow extends Op {
        private final LogicOps.PredicateSource condition;
        private final int d;
        private final int a;
        private final int b;

        Narrow(LogicOps.PredicateSource condition, int d, int a, int b) {
            this.condition = condition;
            this.d = d;
            this.a = a;
            this.b = b;
        }

        @Override
        void run(Warp w) {
            int yes = condition.mask(w);
            int[] to = w.r[d];
            int[] x = w.r[a];
            int[] y = w.r[b];
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                to[lane] = (yes >> lane & 1) != 0 ? x[lane] : y[lane];
            }
        }
    }

    private static final class Wide extends Op {
        private final LogicOps.PredicateSource condition;
        private final int d;
        private final int a;
        private final int b;

        Wide(LogicOps.PredicateSource condition, int d, int a, int b) {
            this.condition = condition;
            this.d = d;
            this.a = a;
            this.b = b;
        }

        @Override
        void run(Warp w) {
            int yes = condition.mask(w);
            long[] to = w.l[d];
            long[] x = w.l[a];
            long[] y = w.l[b];
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                to[lane] = (yes >> lane & 1) != 0 ? x[lane] : y[lane];
            }
        }
    }
}
