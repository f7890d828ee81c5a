package io.wan4j.testkit.ptx;

import java.util.Arrays;

/**
 * What a warp knows of the others, as a vector clock.
 *
 * <p>All clocks of a block count on one counter. An access in epoch {@code e} of agent {@code a} happened before this
 * warp's present if {@code e <= known[a]}. Agents are the warps and, behind them, one for each mbarrier (its asynchronous
 * copies). The warp's own entry is its last warp-wide synchronisation.
 */
final class Clock {
    static final int MBARRIERS = 64;

    private final int self;
    int epoch;
    int[] known = new int[0];

    /** Own accesses up to this epoch are visible to the asynchronous proxy. */
    int fenced;

    /** What was known at the last proxy fence. */
    int[] knownAtFence = new int[0];

    Clock(int self) {
        this.self = self;
    }

    void reset(int agents, int start) {
        if (known.length != agents) {
            known = new int[agents];
            knownAtFence = new int[agents];
        }
        Arrays.fill(known, 0);
        Arrays.fill(knownAtFence, 0);
        fenced = 0;
        epoch = start;
    }

    /** A proxy fence; later accesses belong to epoch {@code next}. */
    void fence(int next) {
        fenced = epoch;
        System.arraycopy(known, 0, knownAtFence, 0, known.length);
        epoch = next;
    }

    /** Orders the lanes of this warp; later accesses belong to epoch {@code next}. */
    void syncLanes(int next) {
        known[self] = epoch;
        epoch = next;
    }

    /** Adds what this warp did and knows to {@code into}. */
    void publish(int[] into) {
        join(into, known);
        into[self] = Math.max(into[self], epoch);
    }

    void learn(int[] from) {
        int own = known[self];
        join(known, from);
        // another warp's news about this warp do not order this warp's lanes among themselves
        known[self] = own;
    }

    static void join(int[] into, int[] from) {
        for (int i = 0; i < into.length; i++) {
            into[i] = Math.max(into[i], from[i]);
        }
    }
}
