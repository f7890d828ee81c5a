package io.wan4j.testkit.ptx;

/** An mbarrier object. Phase n is complete once n + 1 phases have begun. */
final class Mbarrier {
    private final Cta cta;
    final int slot;
    private int expected;
    private int pending;
    private long bytes;
    private int phase;
    private final int[] gathering;
    private int[] completed;

    Mbarrier(Cta cta, int slot, int expected) {
        this.cta = cta;
        this.slot = slot;
        this.expected = expected;
        this.pending = expected;
        this.gathering = new int[cta.agents()];
        this.completed = gathering.clone();
    }

    int phase() {
        return phase;
    }

    /** Arrivals of {@code count} threads of a warp; the warp's earlier accesses come before the end of the phase. */
    void arrive(Warp w, int count) {
        if (w.cta == cta) {
            w.clock.publish(gathering);
            w.clock.epoch = cta.tick();
        }
        pending -= count;
        completeIfDone();
    }

    void drop(Warp w, int count) {
        expected -= count;
        arrive(w, count);
    }

    /** Copies tracked by this barrier, issued in {@code epoch}, end with the phase. */
    void copied(int epoch) {
        int agent = cta.warps.length + slot;
        gathering[agent] = Math.max(gathering[agent], epoch);
    }

    void expect(long more) {
        bytes += more;
    }

    void complete(long less) {
        bytes -= less;
        completeIfDone();
    }

    private void completeIfDone() {
        if (pending == 0 && bytes == 0) {
            completed = gathering.clone();
            pending = expected;
            phase++;
        }
    }

    boolean overrun() {
        return pending < 0;
    }

    int pending() {
        return pending;
    }

    void acquire(Warp w) {
        if (w.cta == cta) {
            w.clock.learn(completed);
        }
    }

    String state() {
        return pending + " arrivals and " + bytes + " bytes are missing in phase " + phase;
    }
}
