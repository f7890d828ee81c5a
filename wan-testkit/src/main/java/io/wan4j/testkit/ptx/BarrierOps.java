package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Barriers of a block, a warp and a cluster; fences have nothing to do, as the simulator keeps program order. */
final class BarrierOps {
    private static final Set<String> MODIFIERS = Set.of(
            "cta", "warp", "sync", "arrive", "red", "popc", "and", "or", "aligned", "cluster", "wait", "acquire",
            "release", "relaxed");

    private static final int WHOLE_BLOCK = -1;

    private BarrierOps() {}

    static @Nullable Op translate(Site s) {
        if (s.in.opcode().equals("fence") || s.in.opcode().equals("membar")) {
            return s.has("proxy") ? new ProxyFence() : new ControlOps.Nothing();
        }
        s.allow(MODIFIERS);
        if (s.has("warp")) {
            return new WarpBarrier(s.i(s.operand(0), PtxType.B32));
        }
        if (s.has("cluster")) {
            return new ClusterBarrier.Use(s.has("arrive"));
        }
        boolean red = s.has("red");
        int first = red ? 1 : 0;
        int threadsAt = first + 1;
        boolean counted = s.operands() > threadsAt + (red ? 1 : 0);
        int id = s.i(s.operand(first), PtxType.U32);
        int threads = counted ? s.i(s.operand(threadsAt), PtxType.U32) : WHOLE_BLOCK;
        boolean aligned = s.in.opcode().equals("bar") || s.has("aligned");
        if (red) {
            return new Reduction(s, new Barrier(id, threads, aligned, true));
        }
        return new Barrier(id, threads, aligned, !s.has("arrive"));
    }

    private static final class ProxyFence extends Op {
        @Override
        void run(Warp w) {
            w.clock.fence(w.cta.tick());
        }
    }

    private static final class Barrier extends Op {
        private final int id;
        private final int threads;
        private final boolean aligned;
        private final boolean wait;

        Barrier(int id, int threads, boolean aligned, boolean wait) {
            this.id = id;
            this.threads = threads;
            this.aligned = aligned;
            this.wait = wait;
        }

        NamedBarrier barrier(Warp w) {
            int index = w.r[id][Integer.numberOfTrailingZeros(w.mask)];
            if (index < 0 || index > 15) {
                w.cta.launch.findings.add(
                        Finding.Kind.INVALID_OPERAND,
                        this,
                        new Finding.Place(w, Integer.numberOfTrailingZeros(w.mask), 0),
                        "barriers are numbered 0 to 15, got " + index);
            }
            return w.cta.barriers[index & 15];
        }

        @Override
        void run(Warp w) {
            int count = threads == WHOLE_BLOCK ? 0 : w.r[threads][Integer.numberOfTrailingZeros(w.mask)];
            barrier(w).arrive(w, this, count, aligned, wait);
        }
    }

    private static final class Reduction extends Op {
        private final Barrier barrier;
        private final LogicOps.PredicateSource a;
        private final int d;
        private final char mode;

        Reduction(Site s, Barrier barrier) {
            this.barrier = barrier;
            this.a = new LogicOps.PredicateSource(s, s.operands() - 1);
            this.mode = s.has("popc") ? 'p' : s.has("and") ? 'a' : 'o';
            this.d = mode == 'p' ? s.di(0) : s.dp(s.operand(0));
        }

        @Override
        void run(Warp w) {
            lendPlace(barrier);
            int mask = w.mask;
            NamedBarrier target = barrier.barrier(w);
            target.vote(mask, a.mask(w));
            target.onComplete(() -> {
                int yes = target.trueThreads();
                boolean result = mode == 'a' ? yes == target.reducedThreads() : yes > 0;
                if (mode != 'p') {
                    w.p[d] = w.p[d] & ~mask | (result ? mask : 0);
                    return;
                }
                for (int m = mask; m != 0; m &= m - 1) {
                    w.r[d][Integer.numberOfTrailingZeros(m)] = yes;
                }
            });
            barrier.run(w);
        }
    }

    private static final class WarpBarrier extends Op {
        private final int members;

        WarpBarrier(int members) {
            this.members = members;
        }

        @Override
        void run(Warp w) {
            if (w.converged(this, w.r[members][Integer.numberOfTrailingZeros(w.mask)])) {
                w.clock.syncLanes(w.cta.tick());
            }
        }
    }
}
