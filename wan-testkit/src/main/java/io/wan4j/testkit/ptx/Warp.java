package io.wan4j.testkit.ptx;

import java.util.Arrays;

/**
 * State of one warp: registers, and the paths its lanes are on.
 *
 * <p>Lanes that take different branches become different paths. The path with the lowest program counter runs, so paths
 * meet again where the code joins. Registers are arrays of 32 lanes; predicates are bit masks.
 */
final class Warp {
    static final int LANES = 32;
    static final int ALL = -1;

    private static final int READY = -1;
    private static final int AWAITS_LANES = -2;

    final Cta cta;
    final int id;
    final int[][] r;
    final long[][] l;
    final int[] p;
    final Program program;

    /** Lanes that execute the present instruction. */
    int mask;
    /** Lanes of the running path. */
    int active;
    /** Next instruction of the running path. */
    int pc;
    /** Lanes that exist. */
    int lanes;

    int exited;
    int carry;
    int clusterPhase;
    byte[] local = new byte[0];
    byte[] localWritten = new byte[0];

    // where the last resolved address lies
    byte[] data = local;
    int at;

    /** Set while a warp-wide instruction is to run although lanes are missing. */
    boolean forced;

    /** Set by instructions that found nothing to do and let others run first. */
    boolean yield;

    final CopyGroups copies;
    final PendingReads matrixReads = new PendingReads(this);
    final PendingReads bulkReads = new PendingReads(this);
    final Clock clock;
    long executed;

    private final int[] pathPc = new int[LANES + 1];
    private final int[] pathMask = new int[LANES + 1];
    private final int[] pathState = new int[LANES + 1];
    private int paths;
    private int limit = Integer.MAX_VALUE;
    private boolean event;

    Warp(Cta cta, int id) {
        this.cta = cta;
        this.id = id;
        this.program = cta.launch.program;
        this.r = new int[program.intRegisters][];
        this.l = new long[program.longRegisters][];
        this.p = new int[program.predicates];
        for (int i = 0; i < r.length; i++) {
            int[] constant = program.intConstants[i];
            r[i] = constant != null ? constant : new int[LANES];
        }
        for (int i = 0; i < l.length; i++) {
            long[] constant = program.longConstants[i];
            l[i] = constant != null ? constant : new long[LANES];
        }
        if (program.localBytes > 0) {
            local = new byte[LANES * program.localBytes];
            localWritten = new byte[local.length];
        }
        this.clock = new Clock(id);
        this.copies = new CopyGroups(this);
    }

    /** Makes the warp ready to run its CTA from the start. */
    void reset() {
        int threads = cta.launch.threads - id * LANES;
        lanes = threads >= LANES ? ALL : (1 << threads) - 1;
        exited = 0;
        carry = 0;
        clusterPhase = -1;
        executed = 0;
        active = lanes;
        pc = 0;
        paths = 0;
        limit = Integer.MAX_VALUE;
        event = false;
        yield = false;
        forced = false;
        Arrays.fill(p, 0);
        Arrays.fill(localWritten, (byte) 0);
        copies.reset();
        matrixReads.reset();
        bulkReads.reset();
        for (int i = 0; i < r.length; i++) {
            if (program.intConstants[i] == null) {
                Arrays.fill(r[i], 0);
            }
        }
        program.specials.fill(this);
    }

    int live() {
        return lanes & ~exited;
    }

    boolean done() {
        return live() == 0;
    }

    /** Runs until all paths wait, the warp yields or the budget is spent; returns the number of instructions. */
    int run(int budget) {
        Op[] code = program.code;
        long[] counts = cta.counters.executed;
        int count = 0;
        yield = false;
        if (active == 0 && !reschedule()) {
            return 0;
        }
        while (count < budget) {
            Op op = code[pc];
            int lanesNow = op.guard < 0 ? active : active & (p[op.guard] ^ op.guardFlip);
            pc++;
            count++;
            if (lanesNow != 0) {
                mask = lanesNow;
                counts[op.pc]++;
                op.run(this);
            }
            if ((event || pc >= limit) && (!reschedule() || yield)) {
                break;
            }
        }
        executed += count;
        return count;
    }

    /** Sends the executing lanes to {@code target}; the others of the path go on. */
    void jump(int target) {
        int rest = active & ~mask;
        if (rest == 0) {
            pc = target;
            event |= paths > 0;
        } else {
            add(target, mask, READY);
            active = rest;
            event = true;
        }
    }

    /** Sends single lanes to different targets (indirect branch). */
    void jump(int[] targets, int[] selector) {
        for (int m = mask; m != 0; m &= m - 1) {
            int lane = Integer.numberOfTrailingZeros(m);
            add(targets[selector[lane]], 1 << lane, READY);
        }
        active &= ~mask;
        event = true;
    }

    void exit() {
        exited |= mask;
        active &= ~mask;
        event = true;
    }

    /** Whether all lanes of {@code members} that still live are here; if not, the path waits for them. */
    boolean converged(Op op, int members) {
        int wanted = members & live();
        if ((wanted & ~mask) == 0 || forced) {
            forced = false;
            return true;
        }
        add(op.pc, active, AWAITS_LANES);
        active = 0;
        event = true;
        return false;
    }

    /** The executing lanes wait for barrier {@code id}. */
    void await(int id) {
        add(pc, mask, id);
        active &= ~mask;
        event = true;
    }

    void yieldAt(Op op) {
        pc = op.pc;
        yield = true;
        event = true;
    }

    void yieldNext() {
        yield = true;
        event = true;
    }

    void release(int barrier) {
        for (int i = 0; i < paths; i++) {
            if (pathState[i] == barrier) {
                pathState[i] = READY;
            }
        }
        event = true;
    }

    /** Mask of the lanes that wait at barrier {@code id}. */
    int waiting(int id) {
        int waiting = 0;
        for (int i = 0; i < paths; i++) {
            waiting |= pathState[i] == id ? pathMask[i] : 0;
        }
        return waiting;
    }

    /** Lets a path run that waits for lanes which will not come; false if there is none. */
    boolean force() {
        for (int i = 0; i < paths; i++) {
            if (pathState[i] == AWAITS_LANES) {
                Op op = program.code[pathPc[i]];
                String what = "lanes 0x" + Integer.toHexString(live() & ~pathMask[i]) + " of the warp are elsewhere";
                cta.launch.findings.add(
                        Finding.Kind.WARP_DIVERGENCE,
                        op,
                        new Finding.Place(this, Integer.numberOfTrailingZeros(pathMask[i]), 0),
                        what);
                pathState[i] = READY;
                forced = true;
                return true;
            }
        }
        return false;
    }

    private void add(int at, int lanesThere, int state) {
        for (int i = 0; i < paths; i++) {
            if (pathPc[i] == at && (state < 0 ? pathState[i] < 0 : pathState[i] == state)) {
                pathMask[i] |= lanesThere;
                pathState[i] = Math.max(pathState[i], state);
                if (state < 0 && pathState[i] == AWAITS_LANES) {
                    pathState[i] = READY;
                }
                return;
            }
        }
        pathPc[paths] = at;
        pathMask[paths] = lanesThere;
        pathState[paths++] = state;
    }

    /** Merges paths that met and picks the next one; false if none can run. */
    private boolean reschedule() {
        event = false;
        int last = yield ? pc : -1;
        if (active != 0) {
            add(pc, active, READY);
            active = 0;
        }
        int best = -1;
        for (int i = 0; i < paths; i++) {
            if (pathState[i] == READY && (best < 0 || before(pathPc[i], pathPc[best], last))) {
                best = i;
            }
        }
        if (best < 0) {
            limit = Integer.MAX_VALUE;
            return false;
        }
        pc = pathPc[best];
        active = pathMask[best];
        paths--;
        pathPc[best] = pathPc[paths];
        pathMask[best] = pathMask[paths];
        pathState[best] = pathState[paths];
        limit = Integer.MAX_VALUE;
        for (int i = 0; i < paths; i++) {
            if (pathState[i] < 0 && pathPc[i] > pc && pathPc[i] < limit) {
                limit = pathPc[i];
            }
        }
        return true;
    }

    /** A path that has just yielded comes last. */
    private static boolean before(int a, int b, int last) {
        return a == last ? false : b == last || a < b;
    }
}
