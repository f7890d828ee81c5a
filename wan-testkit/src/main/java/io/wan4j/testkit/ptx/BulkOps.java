package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** cp.async.bulk without tensor maps: contiguous bytes between global and shared memory. */
final class BulkOps {
    private static final Set<String> MODIFIERS = Set.of(
            "async",
            "bulk",
            "shared",
            "shared::cta",
            "shared::cluster",
            "global",
            "mbarrier::complete_tx::bytes",
            "bulk_group",
            "multicast::cluster",
            "L2::cache_hint",
            "commit_group",
            "wait_group",
            "read",
            "prefetch",
            "L2",
            "tensor",
            "1d",
            "2d",
            "3d",
            "4d",
            "5d",
            "tile");

    private BulkOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        if (s.has("commit_group")) {
            return new Commit();
        }
        if (s.has("wait_group")) {
            return new Wait((int) s.immediate(0));
        }
        if (s.has("prefetch")) {
            return new ControlOps.Nothing();
        }
        if (s.has("tensor")) {
            return s.has("bulk_group") ? new TensorCopyOps.Store(s) : new TensorCopyOps.Load(s);
        }
        if (s.has("bulk_group")) {
            return new Store(s);
        }
        return s.in.modifiers().indexOf("global") > 2 ? new Load(s) : new BetweenBlocks(s);
    }

    private static final class Commit extends Op {
        @Override
        void run(Warp w) {
            w.bulkReads.commit();
        }
    }

    private static final class Wait extends Op {
        private final int pending;

        Wait(int pending) {
            this.pending = pending;
        }

        @Override
        void run(Warp w) {
            w.bulkReads.await(pending);
        }
    }

    /** Copies into shared memory that an mbarrier tracks, to one block or to several of a cluster. */
    abstract static class IntoShared extends Op {
        final SharedRange target;
        private final BarrierOperand barrier;
        private final int mask;

        IntoShared(Site s, int barrierOperand) {
            this.target = new SharedRange(s, 0);
            this.barrier = new BarrierOperand(s, barrierOperand);
            int at = barrierOperand + 1;
            this.mask = s.has("multicast::cluster") ? s.i(s.operand(at), PtxType.U16) : -1;
        }

        /** Bytes to copy; 0 for none. */
        abstract int size(Warp w, int lane);

        /** Counts what is read of global memory. */
        abstract void count(Warp w, int lane, int size);

        /** Fills the shared memory of one block from {@code at}; addresses count from {@code base}. */
        abstract void copy(Warp w, int lane, Cta cta, int at);

        @Override
        final boolean isCounted() {
            return true;
        }

        @Override
        final void run(Warp w) {
            lendPlace(target);
            lendPlace(barrier);
            long[] targets = new long[Warp.LANES];
            long[] barriers = new long[Warp.LANES];
            target.fill(w, targets);
            barrier.fill(w, barriers);
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                Cta own = target.owner(w, lane, targets[lane]);
                int size = own == null ? 0 : size(w, lane);
                if (own == null || size == 0) {
                    continue;
                }
                if (w.cta.launch.options.counts()) {
                    count(w, lane, size);
                }
                for (Cta cta : w.cta.cluster) {
                    if (mask < 0 ? cta == own : (w.r[mask][lane] >> cta.rank & 1) != 0) {
                        into(w, lane, cta, targets[lane], size, barriers[lane]);
                    }
                }
            }
        }

        private void into(Warp w, int lane, Cta cta, long address, int size, long barrierAddress) {
            int at = target.offset(w, lane, address, size, cta);
            long ownBarrier = mask < 0
                    ? barrierAddress & 0xffffffffL
                    : (long) cta.rank << SharedMemory.RANK_SHIFT | barrierAddress & SharedMemory.OFFSET_MASK;
            Mbarrier tracked = barrier.find(w, lane, ownBarrier);
            if (at < 0 || tracked == null) {
                return;
            }
            int epoch = w.cta.tick();
            if (cta == w.cta) {
                cta.shared.shadow.writeTracked(w, lane, at, size, this, tracked.slot, epoch);
            } else {
                cta.shared.shadow.remote(at, size, AddressedOp.Use.WRITE);
            }
            copy(w, lane, cta, at);
            tracked.copied(epoch);
            tracked.complete(size);
        }
    }

    /** The mbarrier operand of a copy. */
    static final class BarrierOperand extends MbarrierOps.OnBarrier {
        BarrierOperand(Site s, int operand) {
            super(s, operand);
        }

        @Override
        void run(Warp w) {
            throw new IllegalStateException("part of a bulk copy");
        }
    }

    /** The global side. */
    static final class GlobalRange extends AddressedOp {
        GlobalRange(Site s, int operand) {
            super(s, operand, StateSpace.GLOBAL);
        }

        @Override
        void run(Warp w) {
            throw new IllegalStateException("part of a bulk copy");
        }
    }

    private static boolean checkSize(AddressedOp op, Warp w, int lane, long address, int size) {
        if (size % 16 != 0) {
            op.report(w, lane, address, Finding.Kind.INVALID_OPERAND, "size must be a multiple of 16, got " + size);
            return false;
        }
        return true;
    }

    private static final class Load extends IntoShared {
        private final GlobalRange from;
        private final int size;

        Load(Site s) {
            super(s, 3);
            this.from = new GlobalRange(s, 1);
            this.size = s.i(s.operand(2), PtxType.U32);
        }

        @Override
        int size(Warp w, int lane) {
            lendPlace(from);
            return checkSize(from, w, lane, 0, w.r[size][lane]) ? w.r[size][lane] : 0;
        }

        @Override
        void count(Warp w, int lane, int bytes) {
            w.cta.counters.bulk(site);
            w.cta.counters.row(site, from.addresses(w)[lane], bytes);
        }

        @Override
        void copy(Warp w, int lane, Cta cta, int at) {
            long address = from.addresses(w)[lane];
            for (int done = 0; done < w.r[size][lane]; done += 16) {
                if (!from.resolve(w, lane, address + done, 16, AddressedOp.Use.READ)) {
                    return;
                }
                System.arraycopy(w.data, w.at, cta.shared.data, at + done, 16);
            }
        }
    }

    /** From the own block's shared memory to another's. */
    private static final class BetweenBlocks extends IntoShared {
        private final SharedRange from;
        private final int size;

        BetweenBlocks(Site s) {
            super(s, 3);
            this.from = new SharedRange(s, 1);
            this.size = s.i(s.operand(2), PtxType.U32);
        }

        @Override
        int size(Warp w, int lane) {
            lendPlace(from);
            return checkSize(from, w, lane, 0, w.r[size][lane]) ? w.r[size][lane] : 0;
        }

        @Override
        void count(Warp w, int lane, int bytes) {}

        @Override
        void copy(Warp w, int lane, Cta cta, int at) {
            int n = w.r[size][lane];
            int source = from.offset(w, lane, from.addresses(w)[lane], n, w.cta);
            if (source >= 0) {
                w.cta.shared.shadow.readAsync(w, lane, source, n, this);
                System.arraycopy(w.cta.shared.data, source, cta.shared.data, at, n);
            }
        }
    }

    private static final class Store extends Op {
        @Override
        boolean isCounted() {
            return true;
        }

        private final GlobalRange to;
        private final SharedRange from;
        private final int size;

        Store(Site s) {
            this.to = new GlobalRange(s, 0);
            this.from = new SharedRange(s, 1);
            this.size = s.i(s.operand(2), PtxType.U32);
        }

        @Override
        void run(Warp w) {
            lendPlace(to);
            lendPlace(from);
            long[] sources = new long[Warp.LANES];
            from.fill(w, sources);
            long[] targets = to.addresses(w);
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                int n = w.r[size][lane];
                int at =
                        checkSize(from, w, lane, sources[lane], n) ? from.offset(w, lane, sources[lane], n, w.cta) : -1;
                if (at < 0) {
                    continue;
                }
                w.cta.shared.shadow.readAsync(w, lane, at, n, this);
                w.bulkReads.add(at, n, lane, this);
                if (w.cta.launch.options.counts()) {
                    w.cta.counters.bulk(site);
                    w.cta.counters.row(site, targets[lane], n);
                }
                for (int done = 0; done < n; done += 16) {
                    if (to.resolve(w, lane, targets[lane] + done, 16, AddressedOp.Use.WRITE)) {
                        System.arraycopy(w.cta.shared.data, at + done, w.data, w.at, 16);
                    }
                }
            }
        }
    }
}
