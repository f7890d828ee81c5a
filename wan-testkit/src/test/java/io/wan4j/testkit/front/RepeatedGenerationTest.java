package io.wan4j.testkit.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.WanPipeline;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepeatedGenerationTest {
    private static final int RUNS = 20;

    @TempDir
    Path folder;

    /** What the process holds after the collector has run. */
    private record Held(long heap, long direct, int threads) {
        static Held now() throws InterruptedException {
            for (int i = 0; i < 3; i++) {
                System.gc();
                Thread.sleep(20);
            }
            long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct"))
                    .mapToLong(BufferPoolMXBean::getMemoryUsed)
                    .sum();
            Runtime runtime = Runtime.getRuntime();
            return new Held(runtime.totalMemory() - runtime.freeMemory(), direct, Thread.activeCount());
        }
    }

    @Test
    void twentyGenerationsHoldNoMoreThanTwo() throws InterruptedException {
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
        }
    }
}
