package io.wan4j.cli;

import io.wan4j.GenerationReport;
import io.wan4j.PhaseReport;
import java.io.PrintWriter;

/** Prints what a generation took. */
final class ReportTable {
    private ReportTable() {}

    static void print(GenerationReport report, PrintWriter out) {
        out.printf("%-16s %9s %9s %9s %10s %10s%n", "phase", "seconds", "loading", "TFLOP", "weights", "workspace");
        for (PhaseReport phase : report.phases()) {
            out.printf(
                    "%-16s %9.2f %9.2f %9.3f %8d M %8d M%n",
                    phase.phase().label(),
                    phase.duration().toMillis() / 1e3,
                    phase.loading().toMillis() / 1e3,
                    phase.work().flops() / 1e12,
                    phase.weightBytes() >> 20,
                    phase.workspacePeak() >> 20);
        }
        out.printf("total %.2f s on %s", report.total().toMillis() / 1e3, report.device());
        report.peakResident().ifPresent(bytes -> out.printf(", process peak %d MiB", bytes >> 20));
        out.println();
        out.flush();
    }
}
