package io.wan4j.testkit.ptx;

/** The barrier of all threads of a cluster, with arrival and waiting apart. */
final class ClusterBarrier {
    private static final int ID = 16;

    private int arrived;
    private int phase;

    void reset() {
        arrived = 0;
        phase = 0;
    }

    private void arrive(Warp w) {
        w.clusterPhase = phase;
        arrived += Integer.bitCount(w.mask);
        int threads = 0;
        for (Cta cta : w.cta.cluster) {
            for (Warp warp : cta.warps) {
                threads += Integer.bitCount(warp.live());
            }
        }
        if (arrived >= threads) {
            arrived = 0;
            phase++;
            for (Cta cta : w.cta.cluster) {
                release(cta);
            }
        }
    }

    private static void release(Cta cta) {
        int[] known = new int[cta.agents()];
        for (Warp warp : cta.warps) {
            warp.clock.publish(known);
        }
        int next = cta.tick();
        for (Warp warp : cta.warps) {
            int own = warp.clock.epoch;
            warp.clock.learn(known);
            warp.clock.known[warp.id] = own;
            warp.clock.epoch = next;
            warp.release(ID);
        }
    }

    /** One half of the barrier. */
    static final class Use extends Op {
        private final boolean arrive;

        Use(boolean arrive) {
            this.arrive = arrive;
        }

        @Override
        void run(Warp w) {
            ClusterBarrier barrier = w.cta.cluster[0].clusterBarrier;
            if (arrive) {
                barrier.arrive(w);
            } else if (barrier.phase == w.clusterPhase) {
                w.await(ID);
            }
        }
    }
}
