package io.wan4j.testkit.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.WanPipeline;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepeatedGenerationTest {
    private static final int RUNS = 20;
    private static final long SLACK = 32 << 20;

    @TempDir
    Path folder;

    /** What the process holds after the collector has run. */
    private record Held(long heap, long direct, int threads, long resident) {
        static Held now() throws IOException, InterruptedException {
            for (int i = 0; i < 3; i++) {
                System.gc();
                Thread.sleep(20);
            }
            long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct"))
                    .mapToLong(BufferPoolMXBean::getMemoryUsed)
                    .sum();
            Runtime runtime = Runtime.getRuntime();
            return new Held(
                    runtime.totalMemory() - runtime.freeMemory(), direct, Thread.activeCount(), residentBytes());
        }

        private static long residentBytes() throws IOException {
            Path status = Path.of("/proc/self/status");
            return !Files.isReadable(status)
                    ? 0
                    : Files.readAllLines(status).stream()
                            .filter(line -> line.startsWith("VmRSS:"))
                            .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                            .sum();
        }
    }

    @Test
    void twentyGenerationsHoldNoMoreThanTwo() throws IOException, InterruptedException {
        Path model = TinyPipeline.model(folder);
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            List<byte[]> first =
                    TinyPipeline.bytes(pipeline.generate(TinyPipeline.request()).frames());
            pipeline.generate(TinyPipeline.request());
            Held before = Held.now();
            for (int run = 2; run < RUNS; run++) {
                assertThat(TinyPipeline.bytes(
                                pipeline.generate(TinyPipeline.request()).frames()))
                        .containsExactlyElementsOf(first);
            }
            Held after = Held.now();
            assertThat(after.heap()).as("heap").isLessThan(before.heap() + (4 << 20));
            assertThat(after.direct()).as("direct memory").isLessThanOrEqualTo(before.direct() + (1 << 20));
            assertThat(after.threads()).as("threads").isLessThanOrEqualTo(before.threads());
            assertThat(after.resident())
                    .as("resident memory, but for heap pages that the collector touches for the first time")
                    .isLessThan(before.resident() + Runtime.getRuntime().totalMemory() + SLACK);
        }
    }
}
