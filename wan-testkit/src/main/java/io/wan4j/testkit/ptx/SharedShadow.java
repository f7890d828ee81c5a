package io.wan4j.testkit.ptx;

import java.util.Arrays;

/**
 * Remembers for each granule of shared memory who wrote it last and who read it since, and reports accesses that nothing
 * orders. A granule is as large as the narrowest access of the kernel.
 */
final class SharedShadow {
    /** Epoch of a copy that is still under way. */
    static final int PENDING = Integer.MAX_VALUE;

    private static final int MANY = 32;
    private static final int ATOMIC = 1 << 12;
    private static final int OWNER = ATOMIC - 1;

    private final Cta cta;
    private final int shift;
    private final int[] writeEpoch;
    private final int[] writer;
    private final int[] readers;
    private final int[][] readEpochs;
    private final boolean races;
    private final boolean unwritten;

    SharedShadow(Cta cta, int bytes, int granuleShift) {
        this.cta = cta;
        this.shift = granuleShift;
        int granules = (bytes >> granuleShift) + 1;
        this.races = cta.launch.options.races();
        this.unwritten = cta.launch.options.uninitialised();
        this.writeEpoch = new int[granules];
        this.writer = new int[races ? granules : 0];
        this.readers = new int[races ? granules : 0];
        this.readEpochs = new int[cta.warps.length][];
    }

    void reset() {
        Arrays.fill(writeEpoch, 0);
        Arrays.fill(readers, 0);
    }

    void read(Warp w, int lane, int offset, int bytes, Op op) {
        if (!races && !unwritten) {
            return;
        }
        int last = (offset + bytes - 1) >> shift;
        int bit = 1 << w.id;
        for (int g = offset >> shift; g <= last; g++) {
            int epoch = writeEpoch[g];
            if (epoch == 0) {
                if (unwritten) {
                    report(Finding.Kind.UNINITIALIZED_READ, w, lane, g, op, "nobody wrote this shared memory");
                }
            } else if (races && unordered(w, lane, epoch, writer[g])) {
                report(Finding.Kind.RACE, w, lane, g, op, "read of what " + owner(g) + " without a barrier between");
            }
            if (races) {
                noteRead(w, lane, g, bit);
            }
        }
    }

    /** Read through the asynchronous proxy: ordinary writes must have been made visible to it by a proxy fence. */
    void readAsync(Warp w, int lane, int offset, int bytes, Op op) {
        read(w, lane, offset, bytes, op);
        if (!races) {
            return;
        }
        int last = (offset + bytes - 1) >> shift;
        for (int g = offset >> shift; g <= last; g++) {
            int agent = (writer[g] & OWNER) >> 5;
            int epoch = writeEpoch[g];
            if (epoch != 0
                    && agent < cta.warps.length
                    && epoch > cta.warps[agent].clock.fenced
                    && epoch > w.clock.knownAtFence[agent]) {
                String what = "asynchronous read of what " + owner(g) + " without fence.proxy.async between";
                report(Finding.Kind.RACE, w, lane, g, op, what);
            }
        }
    }

    private void noteRead(Warp w, int lane, int g, int bit) {
        int[] epochs = readEpochs[w.id];
        if (epochs == null) {
            epochs = new int[writeEpoch.length];
            readEpochs[w.id] = epochs;
        }
        if ((readers[g] & bit) != 0 && epochs[g] >> 6 == w.clock.epoch) {
            if ((epochs[g] & 63) != lane) {
                epochs[g] = w.clock.epoch << 6 | MANY;
            }
        } else {
            readers[g] |= bit;
            epochs[g] = w.clock.epoch << 6 | lane;
        }
    }

    void write(Warp w, int lane, int offset, int bytes, Op op) {
        write(w, lane, offset, bytes, op, w.clock.epoch, w.id << 5 | lane);
    }

    /** A copy that ends when its thread waits for it. */
    void writePending(Warp w, int lane, int offset, int bytes, Op op) {
        write(w, lane, offset, bytes, op, PENDING, w.id << 5 | lane);
    }

    /** A copy that mbarrier {@code slot} tracks. */
    void writeTracked(Warp w, int lane, int offset, int bytes, Op op, int slot, int epoch) {
        write(w, lane, offset, bytes, op, epoch, cta.warps.length + slot << 5);
    }

    private void write(Warp w, int lane, int offset, int bytes, Op op, int newEpoch, int newWriter) {
        int last = (offset + bytes - 1) >> shift;
        for (int g = offset >> shift; g <= last; g++) {
            if (races) {
                int epoch = writeEpoch[g];
                if (epoch != 0 && unordered(w, lane, epoch, writer[g])) {
                    report(
                            Finding.Kind.RACE,
                            w,
                            lane,
                            g,
                            op,
                            "write over what " + owner(g) + " without a barrier between");
                }
                checkReaders(w, lane, g, op);
                writer[g] = newWriter;
                readers[g] = 0;
            }
            writeEpoch[g] = newEpoch;
        }
    }

    /** Atomic update: ordered with other atomic updates. */
    void update(Warp w, int lane, int offset, int bytes, Op op) {
        int last = (offset + bytes - 1) >> shift;
        for (int g = offset >> shift; g <= last; g++) {
            if (writeEpoch[g] == 0 && unwritten) {
                report(Finding.Kind.UNINITIALIZED_READ, w, lane, g, op, "nobody wrote this shared memory");
            }
            if (races) {
                if (writeEpoch[g] != 0 && (writer[g] & ATOMIC) == 0 && unordered(w, lane, writeEpoch[g], writer[g])) {
                    report(
                            Finding.Kind.RACE,
                            w,
                            lane,
                            g,
                            op,
                            "update of what " + owner(g) + " without a barrier between");
                }
                checkReaders(w, lane, g, op);
                writer[g] = w.id << 5 | lane | ATOMIC;
                readers[g] = 0;
            }
            writeEpoch[g] = w.clock.epoch;
        }
    }

    /** Access from another block of the cluster: only whether something was written is kept. */
    void remote(int offset, int bytes, AddressedOp.Use use) {
        if (use == AddressedOp.Use.READ || use == AddressedOp.Use.SYNC) {
            return;
        }
        int last = (offset + bytes - 1) >> shift;
        for (int g = offset >> shift; g <= last; g++) {
            writeEpoch[g] = Math.max(writeEpoch[g], 1);
        }
    }

    private void checkReaders(Warp w, int lane, int g, Op op) {
        for (int m = readers[g]; m != 0; m &= m - 1) {
            int v = Integer.numberOfTrailingZeros(m);
            int record = readEpochs[v][g];
            if (record >> 6 > w.clock.known[v] && (v != w.id || (record & 63) != lane)) {
                String reader = "warp " + v + ((record & 63) == MANY ? "" : " lane " + (record & 63));
                report(
                        Finding.Kind.RACE,
                        w,
                        lane,
                        g,
                        op,
                        "write over what " + reader + " read, without a barrier between");
                return;
            }
        }
    }

    private static boolean unordered(Warp w, int lane, int epoch, int writer) {
        int owner = writer & OWNER;
        return epoch > w.clock.known[owner >> 5] && (epoch == PENDING || owner != (w.id << 5 | lane));
    }

    /** The copies of this range have been waited for by their thread. */
    void complete(Warp w, int offset, int bytes) {
        complete(w, offset, bytes, w.clock.epoch, -1);
    }

    /** The copies of this range are from now on tracked by mbarrier {@code slot}. */
    void track(Warp w, int offset, int bytes, int slot, int epoch) {
        complete(w, offset, bytes, epoch, cta.warps.length + slot << 5);
    }

    private void complete(Warp w, int offset, int bytes, int epoch, int newWriter) {
        int last = (offset + bytes - 1) >> shift;
        for (int g = offset >> shift; g <= last; g++) {
            if (writeEpoch[g] == PENDING && (!races || (writer[g] & OWNER) >> 5 == w.id)) {
                writeEpoch[g] = epoch;
                if (races && newWriter >= 0) {
                    writer[g] = newWriter;
                }
            }
        }
    }

    private String owner(int g) {
        int agent = (writer[g] & OWNER) >> 5;
        if (agent >= cta.warps.length) {
            return "an asynchronous copy wrote";
        }
        return "warp " + agent + " lane " + (writer[g] & 31) + (writeEpoch[g] == PENDING ? " still copies" : " wrote");
    }

    private void report(Finding.Kind kind, Warp w, int lane, int g, Op op, String what) {
        long address = SharedMemory.BASE + ((long) g << shift);
        cta.launch.findings.add(kind, op, new Finding.Place(w, lane, address), what);
    }
}
