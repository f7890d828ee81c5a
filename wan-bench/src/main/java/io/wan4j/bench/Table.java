package io.wan4j.bench;

import java.util.Locale;

/** Rows as text. */
final class Table {
    static final String HEADER = String.format(
            "%-34s %-34s %-10s %-9s %10s %9s %8s  %-22s %10s %6s",
            "name", "shape", "format", "backend", "median s", "GFLOP/s", "ceiling", "peer", "peer s", "ratio");

    private Table() {}

    static String line(Row row) {
        Double peer = row.peerMedianSeconds();
        Double ratio = row.ratio();
        return String.format(
                Locale.ROOT,
                "%-34s %-34s %-10s %-9s %10.4f %9.0f %6.0f %%  %-22s %10s %6s",
                row.name(),
                row.shape(),
                row.format(),
                row.backend(),
                row.medianSeconds(),
                row.gflops(),
                100 * row.fractionOfCeiling(),
                row.peer() == null ? "" : row.peer(),
                peer == null ? "" : String.format(Locale.ROOT, "%.4f", peer),
                ratio == null ? "" : String.format(Locale.ROOT, "%.2f", ratio));
    }
}
