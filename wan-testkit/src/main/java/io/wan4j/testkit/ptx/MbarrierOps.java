package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** mbarrier instructions. */
final class MbarrierOps {
    private static final Set<String> MODIFIERS = Set.of(
            "init",
            "inval",
            "arrive",
            "arrive_drop",
            "expect_tx",
            "complete_tx",
            "test_wait",
            "try_wait",
            "parity",
            "pending_count",
            "noComplete",
            "shared",
            "shared::cta",
            "shared::cluster",
            "release",
            "acquire",
            "relaxed",
            "cta",
            "cluster");

    private MbarrierOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        if (s.has("pending_count")) {
            return null;
        }
        if (s.has("init")) {
            return new Init(s);
        }
        if (s.has("inval")) {
            return new Invalidate(s);
        }
        if (s.has("test_wait") || s.has("try_wait")) {
            return new Wait(s);
        }
        if (s.has("arrive") || s.has("arrive_drop")) {
            return new Arrive(s);
        }
        return new Transactions(s, s.has("expect_tx"));
    }

    /** Something with the address of an mbarrier. */
    abstract static class OnBarrier extends AddressedOp {
        OnBarrier(Site s, int operand) {
            super(s, operand, space(s) == StateSpace.GENERIC ? StateSpace.GENERIC : StateSpace.SHARED);
        }

        final @Nullable Mbarrier find(Warp w, int lane, long address) {
            if (!resolve(w, lane, address, 8, Use.SYNC)) {
                return null;
            }
            Cta cta = w.cta.cluster[(int) (address & 0xffffffffL) >>> SharedMemory.RANK_SHIFT];
            Mbarrier barrier = cta.mbarriers.get(w.at);
            if (barrier == null) {
                report(w, lane, address, Finding.Kind.INVALID_OPERAND, "mbarrier was not initialised");
            }
            return barrier;
        }
    }

    private static final class Init extends OnBarrier {
        private final int count;

        Init(Site s) {
            super(s, 0);
            this.count = s.i(s.operand(1), PtxType.U32);
        }

        @Override
        void run(Warp w) {
            long[] addresses = addresses(w);
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                if (resolve(w, lane, addresses[lane], 8, Use.WRITE)) {
                    int slot = w.cta.mbarriers.size() % Clock.MBARRIERS;
                    w.cta.mbarriers.put(w.at, new Mbarrier(w.cta, slot, w.r[count][lane]));
                }
            }
        }
    }

    private static final class Invalidate extends OnBarrier {
        Invalidate(Site s) {
            super(s, 0);
        }

        @Override
        void run(Warp w) {
            long[] addresses = addresses(w);
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                if (find(w, lane, addresses[lane]) != null) {
                    w.cta.mbarriers.remove(w.at);
                }
            }
        }
    }

    private static final class Arrive extends OnBarrier {
        private final int state;
        private final int count;
        private final boolean drop;
        private final boolean expect;

        Arrive(Site s) {
            super(s, hasState(s) ? 1 : 0);
            boolean hasState = hasState(s);
            int next = hasState ? 2 : 1;
            this.state = hasState && s.operand(0) instanceof PtxOperand.Register ? s.dl(0) : -1;
            this.count = s.operands() > next ? s.i(s.operand(next), PtxType.U32) : -1;
            this.drop = s.has("arrive_drop");
            this.expect = s.has("expect_tx");
        }

        private static boolean hasState(Site s) {
            return !(s.operand(0) instanceof PtxOperand.Address);
        }

        @Override
        void run(Warp w) {
            long[] addresses = addresses(w);
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                Mbarrier barrier = find(w, lane, addresses[lane]);
                if (barrier == null) {
                    continue;
                }
                if (state >= 0) {
                    w.l[state][lane] = barrier.phase();
                }
                int n = count < 0 ? 1 : w.r[count][lane];
                if (expect) {
                    barrier.expect(n);
                    n = 1;
                }
                if (drop) {
                    barrier.drop(w, n);
                } else {
                    barrier.arrive(w, n);
                }
                if (barrier.overrun()) {
                    report(
                            w,
                            lane,
                            addresses[lane],
                            Finding.Kind.INVALID_OPERAND,
                            "more arrivals than the mbarrier expects");
                }
            }
        }
    }

    private static final class Transactions extends OnBarrier {
        private final int count;
        private final boolean expect;

        Transactions(Site s, boolean expect) {
            super(s, 0);
            this.count = s.i(s.operand(1), PtxType.U32);
            this.expect = expect;
        }

        @Override
        void run(Warp w) {
            long[] addresses = addresses(w);
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                Mbarrier barrier = find(w, lane, addresses[lane]);
                if (barrier != null && expect) {
                    barrier.expect(w.r[count][lane]);
                } else if (barrier != null) {
                    barrier.complete(w.r[count][lane]);
                }
            }
        }
    }

    /** test_wait and try_wait; a failed one lets other warps run. */
    private static final class Wait extends OnBarrier {
        private final int p;
        private final boolean parity;
        private final int state;

        Wait(Site s) {
            super(s, 1);
            this.p = s.dp(s.operand(0));
            this.parity = s.has("parity");
            this.state = parity ? s.i(s.operand(2), PtxType.U32) : s.l(2);
        }

        @Override
        void run(Warp w) {
            long[] addresses = addresses(w);
            int done = 0;
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                Mbarrier barrier = find(w, lane, addresses[lane]);
                if (barrier == null) {
                    done |= 1 << lane;
                    continue;
                }
                boolean complete = parity
                        ? (barrier.phase() & 1) != (w.r[state][lane] & 1)
                        : barrier.phase() != (int) w.l[state][lane];
                if (complete) {
                    done |= 1 << lane;
                    barrier.acquire(w);
                }
            }
            w.p[p] = w.p[p] & ~w.mask | done;
            if (done != w.mask) {
                w.yieldNext();
            }
        }
    }

    /** cp.async.mbarrier.arrive: the earlier copies of the lanes end before the phase does. */
    static final class TrackCopies extends OnBarrier {
        private final boolean counts;

        TrackCopies(Site s) {
            super(s, 0);
            this.counts = s.has("noinc");
        }

        @Override
        void run(Warp w) {
            long[] addresses = addresses(w);
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                Mbarrier barrier = find(w, lane, addresses[lane]);
                if (barrier == null) {
                    continue;
                }
                int epoch = w.cta.tick();
                w.copies.track(1 << lane, barrier.slot, epoch);
                barrier.copied(epoch);
                if (counts) {
                    barrier.arrive(w, 1);
                }
            }
        }
    }
}
