package io.wan4j.gpucheck;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** What was aimed at on an H200, and what was measured. On other devices the times are no aims; the ratios are. */
final class Aims {
    private static final String TIMES = "x ";
    private static final String SELF_ATTENTION = "attention self attention ";
    private static final double SAME = 0.9;
    private static final double EIGHT_BIT = 1.3;
    private static final double STEP_SECONDS = 2.3;
    private static final double VIDEO_SECONDS = 14;

    /** Rows with less than this part of the most work are about fewer tokens. */
    private static final double SMALL = 4;

    private final List<UnitResult> units;
    private final Comparisons comparisons;

    Aims(List<UnitResult> units) {
        this.units = List.copyOf(units);
        this.comparisons = new Comparisons(units);
    }

    /**
     * One aim.
     *
     * @param what it is about
     * @param aim the value, a lower bound for ratios and an upper bound for seconds
     * @param measured the value; empty if it was not measured
     * @param by the row that gave it, and the peer
     */
    record Aim(String what, double aim, Optional<Double> measured, String by) {
        boolean upper() {
            return what.endsWith("seconds");
        }

        /** Whether it is reached; no if it was not measured. */
        boolean reached() {
            return measured.filter(value -> upper() ? value <= aim : value >= aim)
                    .isPresent();
        }

        @Override
        public String toString() {
            String sign = upper() ? "<=" : ">=";
            String found = measured.map(value -> String.format(Locale.ROOT, "%.3f", value))
                    .orElse("not measured");
            String word = measured.isEmpty() ? "-" : reached() ? "reached" : "MISSED";
            return String.format(Locale.ROOT, "  %-7s %-46s %s %.2f: %s  %s", word, what, sign, aim, found, by);
        }
    }

    /** All aims. */
    List<Aim> all() {
        List<Aim> aims = new ArrayList<>();
        for (String kind : List.of("i8", "f8_e4m3", "bf16")) {
            aims.add(worst("products " + kind + " against cuBLASLt, slowest", SAME, block(kind), "cuBLASLt,"));
        }
        Predicate<Row> attention =
                row -> row.name().startsWith(SELF_ATTENTION) && !row.name().contains("8 bits");
        Predicate<Row> quantised =
                row -> row.name().startsWith(SELF_ATTENTION) && row.name().contains("8 bits");
        aims.add(worst(
                "attention bf16 against the best SDPA, slowest", SAME, largest(attention), "torch SDPA", "cuDNN"));
        aims.add(worst(
                "attention 8-bit against the best SDPA, slowest",
                EIGHT_BIT,
                largest(quantised),
                "torch SDPA",
                "cuDNN"));
        aims.add(fastest("step, 32760 tokens, seconds", STEP_SECONDS, Part.STEP, 1e-3, "ms"));
        aims.add(fastest("video, 81 frames, 4 steps, seconds", VIDEO_SECONDS, Part.VIDEO, 1, "seconds"));
        return aims;
    }

    /** Products of a block's large layers with this format of weights. */
    private List<Row> block(String kind) {
        return largest(row -> row.name().endsWith(" " + kind)
                && (row.name().startsWith("linear attention q") || row.name().startsWith("linear ffn")));
    }

    /** Our rows of single kernels with the most work for each start of the name. */
    private List<Row> largest(Predicate<Row> wanted) {
        List<Row> rows = units.stream()
                .filter(unit -> unit.part() == Part.KERNELS)
                .flatMap(unit -> unit.rows().stream().map(row -> comparisons.compare(unit, row)))
                .filter(row -> row.status() == Row.Status.OK && row.values().containsKey("rate"))
                .filter(wanted)
                .toList();
        double most = rows.stream().mapToDouble(Aims::work).max().orElse(0);
        return rows.stream().filter(row -> work(row) > most / SMALL).toList();
    }

    private static double work(Row row) {
        return number(row, "ms") * number(row, "rate");
    }

    private static double number(Row row, String key) {
        return row.values().get(key) instanceof Number number ? number.doubleValue() : 0;
    }

    /** The lowest of the rows' ratios to their fastest peer. */
    private static Aim worst(String what, double aim, List<Row> rows, String... peers) {
        return rows.stream()
                .flatMap(row -> ratio(row, peers).stream())
                .min(Comparator.comparingDouble(Ratio::value))
                .map(ratio -> new Aim(what, aim, Optional.of(ratio.value()), ratio.by()))
                .orElse(new Aim(what, aim, Optional.empty(), ""));
    }

    private record Ratio(double value, String by) {}

    private static Optional<Ratio> ratio(Row row, String... peers) {
        return row.values().keySet().stream()
                .filter(key -> List.of(peers).stream().anyMatch(peer -> key.startsWith(TIMES + peer)))
                .map(key -> new Ratio(number(row, key), row.name() + " / " + key.substring(TIMES.length())))
                .min(Comparator.comparingDouble(Ratio::value));
    }

    private Aim fastest(String what, double aim, Part part, double unit, String key) {
        return units.stream()
                .filter(result -> result.part() == part)
                .flatMap(result -> result.rows().stream())
                .filter(row -> row.status() == Row.Status.OK && whole(row))
                .min(Comparator.comparingDouble(row -> number(row, key)))
                .map(row -> new Aim(what, aim, Optional.of(number(row, key) * unit), row.name()))
                .orElse(new Aim(what, aim, Optional.empty(), ""));
    }

    /** Whether a row is about all tokens or frames, and not about a phase. */
    private static boolean whole(Row row) {
        return number(row, "tokens") == 32_760 || number(row, "frames") == 81;
    }
}
