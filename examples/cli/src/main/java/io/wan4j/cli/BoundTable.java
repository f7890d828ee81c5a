package io.wan4j.cli;

import io.wan4j.GenerationPlan;
import io.wan4j.dry.Work;
import io.wan4j.pipeline.Phase;
import io.wan4j.roofline.Calibration;
import io.wan4j.roofline.Ceilings;
import io.wan4j.roofline.KnownDevices;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints the least seconds that each phase can take, on known devices and on the one at hand. */
final class BoundTable {
    private BoundTable() {}

    static void print(GenerationPlan plan, Device device, PrintWriter out) {
        List<Ceilings> all = new ArrayList<>(KnownDevices.ALL);
        Ceilings here = Calibration.of(device);
        if (!all.contains(here)) {
            all.add(here);
        }
        out.printf(
                "%nleast seconds, weights in their formats and BF16 between (last column: everything in the best)%n");
        out.printf("%-18s", "device");
        for (Phase phase : Phase.values()) {
            out.printf(" %16s", phase.label());
        }
        out.printf(" %10s %10s%n", "total", "best");
        for (Ceilings ceilings : all) {
            Format compute = ceilings.equals(here) ? device.formats().compute() : Format.BF16;
            out.printf("%-18s", ceilings.device());
            double total = 0;
            double best = 0;
            for (Phase phase : Phase.values()) {
                Work work = plan.cost(phase).work();
                double seconds = ceilings.bound(work, compute).seconds();
                total += seconds;
                best += ceilings.fastest(work).seconds();
                out.printf(Locale.ROOT, " %16.3f", seconds);
            }
            out.printf(Locale.ROOT, " %10.3f %10.3f%n", total, best);
        }
        out.println(ReportTable.describe(here));
        out.flush();
    }
}
