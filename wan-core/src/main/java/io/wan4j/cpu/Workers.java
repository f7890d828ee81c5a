package io.wan4j.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Fork and join over ranges of independent pieces. The calling thread works too; the others belong to this object, are
 * daemons, and end when it is closed.
 */
public final class Workers implements AutoCloseable {
    private static final int RANGES_PER_THREAD = 4;

    private final int threads;
    private final @Nullable ExecutorService helpers;

    /** Work on the pieces {@code from <= i < to}. */
    @FunctionalInterface
    public interface RangeTask {
        /** Does these pieces; called by several threads at once, with disjoint ranges. */
        void run(int from, int to);
    }

    /** Work on one piece. */
    @FunctionalInterface
    public interface PieceTask {
        /** Does this piece. */
        void run(int index);
    }

    /** Workers on this many threads, the calling one included. */
    public Workers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("workers: expected at least 1 thread, got " + threads);
        }
        this.threads = threads;
        AtomicInteger number = new AtomicInteger();
        this.helpers = threads == 1
                ? null
                : Executors.newFixedThreadPool(threads - 1, work -> {
                    Thread thread = new Thread(work, "wan-worker-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /** Threads that work, the calling one included. */
    public int threads() {
        return threads;
    }

    /** Runs the pieces {@code 0 <= i < count}, one a task: for few, large pieces. */
    public void forEach(int count, PieceTask task) {
        run(count, count, (from, to) -> {
            for (int i = from; i < to; i++) {
                task.run(i);
            }
        });
    }

    /** Runs the pieces {@code 0 <= i < count} in ranges of neighbours: for many small pieces. */
    public void forRanges(int count, RangeTask task) {
        run(count, Math.min(count, threads * RANGES_PER_THREAD), task);
    }

    /** Returns when all is done. The first failure is rethrown; pieces not begun by then are skipped. */
    private void run(int count, int ranges, RangeTask task) {
        if (helpers == null || ranges <= 1) {
            if (count > 0) {
                task.run(0, count);
            }
            return;
        }
        Join join = new Join(count, ranges, task);
        int forks = Math.min(threads, ranges) - 1;
        List<CountDownLatch> pending = new ArrayList<>(forks);
        for (int i = 0; i < forks; i++) {
            CountDownLatch done = new CountDownLatch(1);
            pending.add(done);
            helpers.execute(() -> {
                try {
                    join.work();
                } finally {
                    done.countDown();
                }
            });
        }
        join.work();
        pending.forEach(Workers::awaitQuietly);
        join.rethrow();
    }

    /** Waits even if interrupted: tasks use memory that the caller frees afterwards. */
    private static void awaitQuietly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the threads. */
    @Override
    public void close() {
        if (helpers != null) {
            helpers.shutdown();
        }
    }

    /** The state of one call: which range is next, and what failed. */
    private static final class Join {
        private final int count;
        private final int ranges;
        private final RangeTask task;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Join(int count, int ranges, RangeTask task) {
            this.count = count;
            this.ranges = ranges;
            this.task = task;
        }

        void work() {
            try {
                for (int i = next.getAndIncrement(); i < ranges && failure.get() == null; i = next.getAndIncrement()) {
                    task.run((int) ((long) count * i / ranges), (int) ((long) count * (i + 1) / ranges));
                }
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
            }
        }

        void rethrow() {
            Throwable thrown = failure.get();
            if (thrown instanceof RuntimeException e) {
                throw e;
            }
            if (thrown instanceof Error e) {
                throw e;
            }
        }
    }
}
