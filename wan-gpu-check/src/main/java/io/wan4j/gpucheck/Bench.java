package io.wan4j.gpucheck;

import java.util.Arrays;

/**
 * How work is measured: warm-up, then samples of at least {@code sampleMillis} each, until there are enough or the time
 * is spent; at least three.
 *
 * @param samples most samples
 * @param sampleMillis short work is repeated until a sample is about this long; 0 repeats nothing
 * @param budgetMillis no new sample after this time on the device
 */
record Bench(int samples, double sampleMillis, double budgetMillis) {
    static final Bench FULL = new Bench(20, 5, 4000);
    static final Bench QUICK = new Bench(7, 2, 700);

    private static final int LEAST = 3;
    private static final int MOST_REPEATS = 1000;

    Timing measure(Stopwatch stopwatch, Runnable work) {
        stopwatch.millis(work);
        double once = stopwatch.millis(work);
        int repeats = repeats(once);
        double[] millis = new double[samples];
        double spent = 0;
        int taken = 0;
        while (taken < samples && (taken < LEAST || spent < budgetMillis)) {
            double sample = stopwatch.millis(() -> {
                for (int i = 0; i < repeats; i++) {
                    work.run();
                }
            });
            spent += sample;
            millis[taken++] = sample / repeats;
        }
        return Timing.of(Arrays.copyOf(millis, taken), repeats);
    }

    private int repeats(double once) {
        if (sampleMillis <= once) {
            return 1;
        }
        return once <= 0 ? MOST_REPEATS : (int) Math.min(MOST_REPEATS, sampleMillis / once);
    }
}
