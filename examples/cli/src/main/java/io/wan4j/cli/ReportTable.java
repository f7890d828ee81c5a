package io.wan4j.cli;

import io.wan4j.GenerationReport;
import io.wan4j.PhaseReport;
import io.wan4j.roofline.Bound;
import io.wan4j.roofline.Calibration;
import io.wan4j.roofline.Ceilings;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import java.io.PrintWriter;
import java.util.Locale;

/** Prints what a generation took, and what share of the device's ceilings it reached. */
final class ReportTable {
    private ReportTable() {}

    /** Measures the device's ceilings first, unless they are known: it must be idle. */
    static void print(GenerationReport report, Device device, PrintWriter out) {
        print(report, Calibration.of(device), device.formats().compute(), out);
    }

    /** Against these ceilings, with activations in {@code compute}. */
    static void print(GenerationReport report, Ceilings ceilings, Format compute, PrintWriter out) {
        out.printf(
                "%-16s %9s %9s %9s %10s %10s %9s %9s%n",
                "phase", "seconds", "loading", "TFLOP", "weights", "workspace", "bound", "reached");
        for (PhaseReport phase : report.phases()) {
            Bound bound = ceilings.bound(phase.work(), compute);
            out.printf(
                    Locale.ROOT,
                    "%-16s %9.2f %9.2f %9.3f %8d M %8d M %9.3f %7.1f %%%s%n",
                    phase.phase().label(),
                    phase.duration().toNanos() / 1e9,
                    phase.loading().toNanos() / 1e9,
                    phase.work().flops() / 1e12,
                    phase.weightBytes() >> 20,
                    phase.workspacePeak() >> 20,
                    bound.seconds(),
                    100 * bound.fraction(phase.computeSeconds()),
                    bound.isMemoryBound() ? " of memory" : "");
        }
        out.printf(Locale.ROOT, "total %.2f s on %s", report.total().toNanos() / 1e9, report.device());
        report.peakResident().ifPresent(bytes -> out.printf(", process peak %d MiB", bytes >> 20));
        out.println();
        report.held()
                .ifPresent(held -> out.printf(
                        Locale.ROOT,
                        "memory: %d MiB predicted (process at the start, weights, workspace, scratch), %d MiB"
                                + " resident, ratio %.3f%n",
                        held.predicted() >> 20,
                        held.measured() >> 20,
                        held.ratio()));
        out.println(describe(ceilings));
        out.flush();
    }

    /** The ceilings in one line. */
    static String describe(Ceilings c) {
        return String.format(
                Locale.ROOT,
                "bound by %s: F32 %.3g, BF16 %.3g, FP8 %.3g, INT8 %.3g T/s, %.3g GB/s (%s)",
                c.device(),
                c.f32() / 1e12,
                c.bf16() / 1e12,
                c.fp8() / 1e12,
                c.int8() / 1e12,
                c.bytes() / 1e9,
                c.source());
    }
}
