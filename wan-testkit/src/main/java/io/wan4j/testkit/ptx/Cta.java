package io.wan4j.testkit.ptx;

import java.util.HashMap;
import java.util.Map;

/** One thread block. Reused for many blocks of a launch, one after the other. */
final class Cta {
    final Launch launch;
    final Counters counters;
    final Scratch scratch;
    final int rank;
    final Cta[] cluster;
    final Warp[] warps;
    final SharedMemory shared;
    final NamedBarrier[] barriers = new NamedBarrier[16];
    final ClusterBarrier clusterBarrier = new ClusterBarrier();
    final Map<Integer, Mbarrier> mbarriers = new HashMap<>();

    /** Linear index of the block in the grid. */
    long index;

    private int clock;
    private long ticks;

    Cta(Launch launch, Counters counters, Scratch scratch, int rank, Cta[] cluster) {
        this.launch = launch;
        this.counters = counters;
        this.scratch = scratch;
        this.rank = rank;
        this.cluster = cluster;
        this.warps = new Warp[(launch.threads + Warp.LANES - 1) / Warp.LANES];
        int bytes = launch.program.sharedBytes(launch.grid.sharedBytes());
        this.shared = new SharedMemory(this, bytes, launch.program.granuleShift);
        for (int i = 0; i < warps.length; i++) {
            warps[i] = new Warp(this, i);
        }
        for (int i = 0; i < barriers.length; i++) {
            barriers[i] = new NamedBarrier(this, i);
        }
    }

    int agents() {
        return warps.length + Clock.MBARRIERS;
    }

    int tick() {
        return ++clock;
    }

    /** A clock register's value: it only moves on. */
    long ticks() {
        return ticks += 64;
    }

    void reset(long block) {
        index = block;
        clock = 1;
        shared.reset();
        mbarriers.clear();
        clusterBarrier.reset();
        for (NamedBarrier barrier : barriers) {
            barrier.reset();
        }
        for (Warp warp : warps) {
            warp.clock.reset(agents(), 1);
            warp.reset();
        }
    }
}
