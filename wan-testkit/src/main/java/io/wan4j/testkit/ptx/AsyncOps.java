package io.wan4j.testkit.ptx;

import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** cp.async: copies of 4, 8 or 16 bytes from global to shared memory. */
final class AsyncOps {
    private static final Set<String> MODIFIERS = Set.of(
            "async",
            "ca",
            "cg",
            "shared",
            "shared::cta",
            "global",
            "commit_group",
            "wait_group",
            "wait_all",
            "mbarrier",
            "arrive",
            "noinc",
            "L2::64B",
            "L2::128B",
            "L2::256B",
            "L2::cache_hint");

    private AsyncOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        if (s.has("commit_group")) {
            return new Commit();
        }
        if (s.has("wait_group") || s.has("wait_all")) {
            return new Wait(s.has("wait_all") ? -1 : (int) s.immediate(0));
        }
        if (s.has("mbarrier")) {
            return new MbarrierOps.TrackCopies(s);
        }
        return new Copy(s);
    }

    private static final class Commit extends Op {
        @Override
        void run(Warp w) {
            w.copies.commit(w.mask);
        }
    }

    private static final class Wait extends Op {
        private final int pending;

        Wait(int pending) {
            this.pending = pending;
        }

        @Override
        void run(Warp w) {
            if (pending < 0) {
                w.copies.awaitAll(w.mask);
            } else {
                w.copies.await(w.mask, pending);
            }
        }
    }

    /** The shared side; the global side is an op of its own so that each counts apart. */
    private static final class Copy extends AddressedOp {
        private final Source global;
        private final int bytes;
        private final int size;
        private final LogicOps.@Nullable PredicateSource ignore;

        Copy(Site s) {
            super(s, 0, StateSpace.SHARED);
            global = new Source(s);
            this.bytes = (int) s.immediate(2);
            boolean predicate = s.operands() > 3 && Site.isPredicate(s.operand(3));
            boolean sized = s.operands() > 3 && !predicate && !(s.has("L2::cache_hint") && s.operands() == 4);
            this.size = sized ? s.i(s.operand(3), PtxType.U32) : -1;
            this.ignore = predicate ? new LogicOps.PredicateSource(s, 3) : null;
            if (bytes != 16 && (bytes != 4 && bytes != 8 || s.has("cg"))) {
                throw s.unsupported();
            }
        }

        @Override
        void run(Warp w) {
            lendPlace(global);
            long[] targets = w.cta.scratch.targets;
            fill(w, targets);
            count(w, targets, bytes);
            long[] sources = global.addresses(w);
            int ignored = ignore == null ? 0 : ignore.mask(w);
            int read = w.mask & ~ignored;
            int[] sizes = size < 0 ? null : w.r[size];
            if (sizes != null) {
                for (int m = read; m != 0; m &= m - 1) {
                    int lane = Integer.numberOfTrailingZeros(m);
                    read &= sizes[lane] == 0 ? ~(1 << lane) : -1;
                }
            }
            global.countSectors(w, read, sources, bytes);
            byte[] buffer = w.cta.scratch.bytes;
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                int n = (read >> lane & 1) == 0 ? 0 : sizes == null ? bytes : Math.min(sizes[lane], bytes);
                boolean ok = global.fetch(w, lane, sources[lane], n, bytes, buffer);
                if (ok && resolve(w, lane, targets[lane], bytes, Use.COPY)) {
                    System.arraycopy(buffer, 0, w.data, w.at, bytes);
                    w.copies.add(lane, w.at, bytes);
                }
            }
        }
    }

    private static final class Source extends AddressedOp {
        Source(Site s) {
            super(s, 1, StateSpace.GLOBAL);
        }

        @Override
        void run(Warp w) {
            throw new IllegalStateException("part of cp.async");
        }

        void countSectors(Warp w, int lanes, long[] addresses, int bytes) {
            if (lanes != 0) {
                int mask = w.mask;
                w.mask = lanes;
                count(w, addresses, bytes);
                w.mask = mask;
            }
        }

        /** Reads {@code n} bytes and fills up with zeros. */
        boolean fetch(Warp w, int lane, long address, int n, int bytes, byte[] buffer) {
            if ((address & bytes - 1) != 0 && n > 0) {
                return reject(w, lane, address, Finding.Kind.MISALIGNED, "address must be a multiple of " + bytes);
            }
            Arrays.fill(buffer, 0, bytes, (byte) 0);
            int done = 0;
            while (done < n) {
                // a source size that is no power of two is read in pieces that are
                int piece = Integer.highestOneBit(n - done);
                if (!resolve(w, lane, address + done, piece, Use.READ)) {
                    return false;
                }
                System.arraycopy(w.data, w.at, buffer, done, piece);
                done += piece;
            }
            return true;
        }
    }
}
