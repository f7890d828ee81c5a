package io.wan4j.onednn;

import io.wan4j.error.DeviceException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The threads of a device. Tasks are cut by the shapes alone, never by the number of threads, so results do not depend
 * on it. Devices of one process take turns, so that two of them do not share the cores.
 */
final class Workers implements AutoCloseable {
    /** Who computes in this process; fair, so that no device starves. */
    private static final ReentrantLock TURN = new ReentrantLock(true);

    /** One piece of work. */
    @FunctionalInterface
    interface Task {
        void run(Worker worker, int index);
    }

    private final List<Worker> workers = new ArrayList<>();
    private final ExecutorService threads;

    Workers(int count, OneDnnMemory memory, Lanes lanes) {
        for (int i = 0; i < count; i++) {
            workers.add(new Worker(memory, lanes));
        }
        AtomicInteger number = new AtomicInteger();
        threads = Executors.newFixedThreadPool(count, runnable -> {
            Thread thread = new Thread(
                    () -> {
                        OpenMp.useOneThread();
                        runnable.run();
                    },
                    "wan-onednn-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        });
    }

    int count() {
        return workers.size();
    }

    /** Runs tasks 0 .. count - 1, each on some worker, and waits for them. The first failure is thrown. */
    void run(int count, Task task) {
        if (count == 0) {
            return;
        }
        TURN.lock();
        try {
            runNow(count, task);
        } finally {
            TURN.unlock();
        }
    }

    private void runNow(int count, Task task) {
        AtomicInteger next = new AtomicInteger();
        AtomicBoolean failed = new AtomicBoolean();
        List<Future<?>> running = new ArrayList<>();
        for (Worker worker : workers.subList(0, Math.min(count, workers.size()))) {
            running.add(threads.submit(() -> {
                try {
                    for (int i = next.getAndIncrement(); i < count && !failed.get(); i = next.getAndIncrement()) {
                        task.run(worker, i);
                    }
                } catch (RuntimeException | Error e) {
                    failed.set(true);
                    throw e;
                }
            }));
        }
        await(running);
    }

    private static void await(List<Future<?>> running) {
        Throwable failure = null;
        boolean interrupted = false;
        for (Future<?> future : running) {
            while (!future.isDone() || failure == null) {
                try {
                    future.get();
                    break;
                } catch (InterruptedException e) {
                    // Native code cannot be stopped half-way: finish, then pass the interruption on.
                    interrupted = true;
                } catch (ExecutionException e) {
                    failure = e.getCause() == null ? e : e.getCause();
                    break;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        rethrow(failure);
    }

    private static void rethrow(@org.jspecify.annotations.Nullable Throwable failure) {
        if (failure instanceof RuntimeException runtime) {
            throw runtime;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw new DeviceException("onednn: a task failed: " + failure, failure);
        }
    }

    /** Frees what the workers hold beyond their next task's needs. */
    void trim() {
        workers.forEach(Worker::trim);
    }

    @Override
    public void close() {
        threads.shutdown();
        workers.forEach(Worker::close);
    }
}
