package io.wan4j.testkit.ptx;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One of the 16 barriers of a block. */
final class NamedBarrier {
    private final Cta cta;
    private final int id;
    private final int[] known;
    private final List<Warp> members = new ArrayList<>();
    private final List<Runnable> results = new ArrayList<>();
    private int arrived;
    private int expected;
    private int population;
    private @Nullable Op last;
    private @Nullable Warp lastWarp;

    /** Number of threads that arrived with a true predicate, for {@code bar.red}. */
    private int trueThreads;

    private int redThreads;

    NamedBarrier(Cta cta, int id) {
        this.cta = cta;
        this.id = id;
        this.known = new int[cta.agents()];
    }

    void reset() {
        members.clear();
        results.clear();
        java.util.Arrays.fill(known, 0);
        arrived = 0;
        trueThreads = 0;
        redThreads = 0;
    }

    boolean isPending() {
        return arrived > 0;
    }

    int trueThreads() {
        return trueThreads;
    }

    int reducedThreads() {
        return redThreads;
    }

    /** What to do with the result of a reduction once all threads are there. */
    void onComplete(Runnable result) {
        results.add(result);
    }

    void vote(int mask, int predicate) {
        trueThreads += Integer.bitCount(mask & predicate);
        redThreads += Integer.bitCount(mask);
    }

    /** Takes the executing lanes of a warp; {@code threads} 0 stands for the whole block. */
    void arrive(Warp warp, Op op, int threads, boolean aligned, boolean wait) {
        int mask = warp.mask;
        if (aligned && mask != warp.lanes) {
            String what = "lanes 0x" + Integer.toHexString(warp.lanes & ~mask) + " of the warp do not take part";
            report(op, warp, what);
        }
        arrived += mask == warp.lanes ? Warp.LANES : Integer.bitCount(mask);
        expected = threads == 0 ? cta.warps.length * Warp.LANES : threads;
        population = threads;
        last = op;
        lastWarp = warp;
        warp.clock.publish(known);
        if (!members.contains(warp)) {
            members.add(warp);
        }
        if (wait) {
            warp.await(id);
        } else {
            warp.clock.epoch = cta.tick();
        }
        if (arrived >= expected) {
            complete();
        }
    }

    private void report(Op op, Warp warp, String what) {
        var place = new Finding.Place(warp, Integer.numberOfTrailingZeros(warp.mask | 1 << 31), 0);
        cta.launch.findings.add(Finding.Kind.BARRIER_DIVERGENCE, op, place, what);
    }

    /** Gives up waiting for threads that will not come. */
    void abandon() {
        Op op = last;
        Warp warp = lastWarp;
        if (op != null && warp != null) {
            String whom = population == 0 ? "the block" : "the barrier";
            report(op, warp, arrived + " of the " + expected + " threads of " + whom + " arrived, no other can");
        }
        complete();
    }

    private void complete() {
        int next = cta.tick();
        results.forEach(Runnable::run);
        for (Warp warp : members) {
            if (warp.waiting(id) != 0) {
                int own = warp.clock.epoch;
                warp.clock.learn(known);
                warp.clock.known[warp.id] = own;
                warp.clock.epoch = next;
                warp.release(id);
            }
        }
        reset();
    }
}
