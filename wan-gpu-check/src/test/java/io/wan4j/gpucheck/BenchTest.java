package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BenchTest {
    /** A device on which the n-th run of the work takes {@code millis(n)}. */
    private static final class FakeDevice implements Stopwatch {
        private final AtomicInteger runs = new AtomicInteger();
        private final java.util.function.IntToDoubleFunction cost;
        private double clock;

        FakeDevice(java.util.function.IntToDoubleFunction cost) {
            this.cost = cost;
        }

        void work() {
            clock += cost.applyAsDouble(runs.getAndIncrement());
        }

        @Override
        public double millis(Runnable work) {
            double start = clock;
            work.run();
            return clock - start;
        }
    }

    @Test
    void theFirstRunsDoNotCount() {
        FakeDevice device = new FakeDevice(run -> run == 0 ? 1000 : 2);
        Timing timing = new Bench(5, 2, 1e9).measure(device, device::work);
        assertThat(timing.median()).isEqualTo(2);
        assertThat(timing.high()).isEqualTo(2);
        assertThat(timing.samples()).isEqualTo(5);
    }

    @Test
    void shortWorkIsRepeated() {
        FakeDevice device = new FakeDevice(run -> 0.01);
        Timing timing = new Bench(4, 1, 1e9).measure(device, device::work);
        assertThat(timing.repeats()).isEqualTo(100);
        assertThat(timing.median()).isCloseTo(0.01, within(1e-9));
    }

    @Test
    void nothingIsRepeatedWhereSamplesMayBeShort() {
        FakeDevice device = new FakeDevice(run -> 0);
        assertThat(new Bench(3, 0, 0).measure(device, device::work).repeats()).isEqualTo(1);
    }

    @Test
    void longWorkIsSampledThreeTimesWhateverTheBudget() {
        FakeDevice device = new FakeDevice(run -> 500);
        Timing timing = new Bench(20, 5, 100).measure(device, device::work);
        assertThat(timing.samples()).isEqualTo(3);
        assertThat(device.runs.get()).isEqualTo(5);
    }

    @Test
    void anOutlierMovesTheSpreadAndNotTheMedian() {
        Timing timing = Timing.of(new double[] {1, 1, 9, 1, 1}, 1);
        assertThat(timing.median()).isEqualTo(1);
        assertThat(timing.spread()).isEqualTo(8);
    }

    @Test
    void roundingKeepsFourDigits() {
        assertThat(Timing.round(123456)).isEqualTo(123500);
        assertThat(Timing.round(0.000123456)).isCloseTo(0.0001235, within(1e-12));
        assertThat(Timing.round(Double.NaN)).isZero();
    }
}
