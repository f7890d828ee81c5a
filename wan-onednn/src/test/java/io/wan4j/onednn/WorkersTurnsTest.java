package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ops.Ops;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Several devices in one process. */
class WorkersTurnsTest {
    private static final int THREADS = 2;
    private static final int TASKS = 200;

    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    @Test
    void tasksOfTwoDevicesNeverRunOnMoreThreadsThanOneHas() {
        try (Workers first = workers();
                Workers second = workers()) {
            CompletableFuture<Void> one = CompletableFuture.runAsync(() -> work(first));
            CompletableFuture<Void> other = CompletableFuture.runAsync(() -> work(second));
            CompletableFuture.allOf(one, other).join();
        }
        assertThat(most.get()).isBetween(1, THREADS);
    }

    private static Workers workers() {
        OneDnnMemory memory =
                new OneDnnMemory(1L << 26, new Placement(io.wan4j.tensor.Format.F32, OneDnnOptions.DEFAULT, () -> {
                    throw new IllegalStateException("nothing is placed");
                }));
        return new Workers(THREADS, memory, LanesChoice.lanes(Optional.empty()));
    }

    private void work(Workers workers) {
        for (int round = 0; round < 20; round++) {
            workers.run(TASKS, (worker, index) -> {
                int now = running.incrementAndGet();
                most.accumulateAndGet(now, Math::max);
                Thread.onSpinWait();
                running.decrementAndGet();
            });
        }
    }

    @Test
    void nativeThreadsAreOurThreadsOnly() throws IOException {
        DeviceOptions options = DeviceOptions.DEFAULT.withThreads(THREADS).withMemoryLimit(1L << 28);
        Set<String> before = nativeThreads();
        try (Device first = new OneDnnProvider().open(options);
                Device second = new OneDnnProvider().open(options)) {
            attend(first);
            attend(second);
            // A team of OpenMP threads of a worker would bear the worker's name. Threads of devices closed just before
            // may still be ending: only those that were not there are counted.
            Set<String> started = nativeThreads();
            started.removeAll(before);
            assertThat(started).hasSize(2 * THREADS);
        }
    }

    private static void attend(Device device) {
        try (Ops ops = Ops.on(device)) {
            Tensor x = ops.upload(new float[1024 * 64], 1024, 64);
            ops.attention(x, List.of(new KeyValue(x, x)), AttentionSpec.scaled(1, 64));
            device.synchronize();
        }
    }

    private static Set<String> nativeThreads() throws IOException {
        Set<String> found = new HashSet<>();
        try (var tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path task : tasks) {
                if (name(task).startsWith("wan-onednn")) {
                    found.add(task.getFileName().toString());
                }
            }
        }
        return found;
    }

    private static String name(Path task) throws IOException {
        try {
            return Files.readString(task.resolve("comm"));
        } catch (FileSystemException ended) {
            return "";
        }
    }
}
