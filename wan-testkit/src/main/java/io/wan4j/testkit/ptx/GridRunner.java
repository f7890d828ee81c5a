package io.wan4j.testkit.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;

/** Runs the blocks of a launch, cluster by cluster, on one or more threads. */
final class GridRunner {
    private static final int SLICE = 20_000;
    private static final int IDLE_ROUNDS = 200_000;
    private static final long ENDLESS = 20_000_000_000L;

    private final Launch launch;
    private final AtomicLong next = new AtomicLong();

    GridRunner(Launch launch) {
        this.launch = launch;
    }

    Counters run() {
        Counters total = newCounters();
        long clusters = launch.grid.blocks().count() / launch.grid.cluster().count();
        int threads = launch.program.globalAtomics ? 1 : (int) Math.min(launch.options.threads(), clusters);
        if (threads == 1) {
            work(total, clusters);
            return total;
        }
        List<CompletableFuture<Counters>> others = new ArrayList<>();
        for (int i = 1; i < threads; i++) {
            others.add(CompletableFuture.supplyAsync(() -> work(newCounters(), clusters)));
        }
        try {
            work(total, clusters);
        } finally {
            next.set(clusters);
        }
        for (CompletableFuture<Counters> other : others) {
            total.add(result(other));
        }
        return total;
    }

    private static Counters result(CompletableFuture<Counters> worker) {
        try {
            return worker.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    private Counters newCounters() {
        return new Counters(launch.program.code.length, launch.program.sites);
    }

    private Counters work(Counters counters, long clusters) {
        Cta[] ctas = new Cta[(int) launch.grid.cluster().count()];
        Scratch scratch = new Scratch();
        for (int i = 0; i < ctas.length; i++) {
            ctas[i] = new Cta(launch, counters, scratch, i, ctas);
        }
        long cluster = next.getAndIncrement();
        while (cluster < clusters) {
            for (Cta cta : ctas) {
                cta.reset(blockIndex(cluster, cta.rank));
            }
            run(ctas);
            cluster = next.getAndIncrement();
        }
        return counters;
    }

    private long blockIndex(long cluster, int rank) {
        Grid.Dim blocks = launch.grid.blocks();
        Grid.Dim size = launch.grid.cluster();
        Grid.Dim count = new Grid.Dim(blocks.x() / size.x(), blocks.y() / size.y(), blocks.z() / size.z());
        long x = (long) count.x(cluster) * size.x() + size.x(rank);
        long y = (long) count.y(cluster) * size.y() + size.y(rank);
        long z = (long) count.z(cluster) * size.z() + size.z(rank);
        return x + blocks.x() * (y + blocks.y() * z);
    }

    private static void run(Cta[] ctas) {
        int idle = 0;
        while (true) {
            boolean alive = false;
            boolean ran = false;
            boolean worked = false;
            for (Cta cta : ctas) {
                for (Warp warp : cta.warps) {
                    if (!warp.done()) {
                        alive = true;
                        boolean some = warp.run(SLICE) > 0;
                        ran |= some;
                        worked |= some && !warp.yield;
                        if (warp.executed > ENDLESS) {
                            stuck(ctas);
                            return;
                        }
                    }
                }
            }
            if (!alive) {
                break;
            }
            idle = worked ? 0 : idle + 1;
            if (idle > IDLE_ROUNDS || (!ran && !resolve(ctas))) {
                stuck(ctas);
                return;
            }
        }
    }

    /** Lets something run although threads are missing, after it was reported. */
    private static boolean resolve(Cta[] ctas) {
        for (Cta cta : ctas) {
            for (Warp warp : cta.warps) {
                if (warp.force()) {
                    return true;
                }
            }
        }
        for (Cta cta : ctas) {
            for (NamedBarrier barrier : cta.barriers) {
                if (barrier.isPending()) {
                    barrier.abandon();
                    return true;
                }
            }
        }
        return false;
    }

    private static void stuck(Cta[] ctas) {
        for (Cta cta : ctas) {
            for (Warp warp : cta.warps) {
                if (!warp.done()) {
                    Op op = warp.program.code[Math.max(0, Math.min(warp.pc, warp.program.code.length) - 1)];
                    var place = new Finding.Place(warp, Integer.numberOfTrailingZeros(warp.live()), 0);
                    cta.launch.findings.add(Finding.Kind.DEADLOCK, op, place, "the threads here wait for ever");
                }
            }
        }
    }
}
