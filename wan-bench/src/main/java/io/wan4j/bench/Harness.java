package io.wan4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the contenders of an experiment in turn, round after round, so that whatever else the machine does meets them all
 * alike; the medians are compared.
 *
 * @param threads of every contender
 * @param rounds of measurements, after one that warms up
 * @param budgetSeconds no further round starts after so long; three are run in any case
 * @param ceilings operations a second by format
 */
record Harness(int threads, int rounds, double budgetSeconds, Map<String, Double> ceilings) {
    private static final Logger LOG = LoggerFactory.getLogger(Harness.class);
    private static final int LEAST_ROUNDS = 3;
    private static final long PAUSE_MILLIS = 20;

    /** A contender's times. */
    private record Times(Contender contender, List<Double> seconds) {
        double median() {
            double[] sorted =
                    seconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            int middle = sorted.length / 2;
            return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    /** Measures an experiment: a row for each of ours and each peer, and one for each peer. */
    List<Row> run(Experiment experiment) {
        List<Times> all = new ArrayList<>();
        try {
            for (Supplier<Contender> supplier : experiment.contenders()) {
                all.add(new Times(supplier.get(), new ArrayList<>()));
            }
            all.forEach(times -> seconds(times.contender()));
            long start = System.nanoTime();
            for (int round = 0; round < rounds; round++) {
                if (round >= LEAST_ROUNDS && System.nanoTime() - start > budgetSeconds * 1e9) {
                    break;
                }
                for (Times times : all) {
                    times.seconds().add(seconds(times.contender()));
                }
            }
            all.forEach(times ->
                    LOG.debug("{} {}: {}", experiment, times.contender().label(), times.seconds()));
            return rows(experiment, all);
        } finally {
            all.forEach(times -> times.contender().close());
        }
    }

    private static double seconds(Contender contender) {
        try {
            // Threads of other libraries that still spin for work go to sleep.
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", stopped);
        }
        long start = System.nanoTime();
        contender.work().run();
        return (System.nanoTime() - start) / 1e9;
    }

    private List<Row> rows(Experiment experiment, List<Times> all) {
        List<Row> rows = new ArrayList<>();
        List<Times> peers =
                all.stream().filter(times -> times.contender().isPeer()).toList();
        for (Times times : all) {
            if (times.contender().isPeer() || peers.isEmpty()) {
                rows.add(row(experiment, times, null));
            } else {
                peers.forEach(peer -> rows.add(row(experiment, times, peer)));
            }
        }
        return rows;
    }

    /** The format whose products a contender computes: {@code INT8} of {@code FP8 as INT8} and {@code INT8 q k}. */
    private static String multiplied(String label) {
        int as = label.indexOf(" as ");
        return (as < 0 ? label : label.substring(as + 4)).split(" ")[0];
    }

    private Row row(Experiment experiment, Times times, @org.jspecify.annotations.Nullable Times peer) {
        Contender contender = times.contender();
        double median = times.median();
        double gflops = experiment.flops() / median / 1e9;
        double ceiling = ceilings.getOrDefault(multiplied(contender.format()), 0.0) / 1e9;
        return new Row(
                experiment.name(),
                experiment.shape(),
                contender.format(),
                contender.backend(),
                contender.backend().equals("ejml") ? 1 : threads,
                median,
                gflops,
                ceiling,
                ceiling == 0 ? 0 : gflops / ceiling,
                peer == null ? null : peer.contender().label(),
                peer == null ? null : peer.median(),
                peer == null ? null : peer.median() / median);
    }

    /** For messages. */
    @Override
    public String toString() {
        return rounds + " rounds, " + threads + " threads, ceilings "
                + Arrays.toString(ceilings.entrySet().toArray());
    }
}
