package io.wan4j.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 7, 8, 9, 1000})
    void everyPieceRunsOnce(int count) {
        try (Workers workers = new Workers(3)) {
            AtomicIntegerArray ranges = new AtomicIntegerArray(count);
            workers.forRanges(count, (a, b) -> {
                for (int i = a; i < b; i++) {
                    ranges.incrementAndGet(i);
                }
            });
            workers.forEach(count, ranges::incrementAndGet);
            for (int i = 0; i < count; i++) {
                assertThat(ranges.get(i)).isEqualTo(2);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void failureReachesTheCallerAndLeavesTheWorkersUsable(int threads) {
        try (Workers workers = new Workers(threads)) {
            assertThatThrownBy(() -> workers.forEach(100, i -> {
                        if (i == 37) {
                            throw new IllegalStateException("piece 37");
                        }
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("piece 37");
            AtomicIntegerArray seen = new AtomicIntegerArray(10);
            workers.forEach(10, seen::incrementAndGet);
            assertThat(seen.get(9)).isEqualTo(1);
        }
    }

    @Test
    void closingEndsTheThreads() throws InterruptedException {
        Workers workers = new Workers(2);
        Thread[] helper = new Thread[1];
        workers.forEach(64, i -> {
            if (Thread.currentThread().getName().startsWith("wan-worker")) {
                helper[0] = Thread.currentThread();
            } else {
                pause();
            }
        });
        workers.close();
        assertThat(helper[0]).isNotNull();
        helper[0].join(5000);
        assertThat(helper[0].isAlive()).isFalse();
    }

    private static void pause() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
