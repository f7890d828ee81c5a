package io.wan4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.wan4j.GenerationReport;
import io.wan4j.HeldMemory;
import io.wan4j.PhaseReport;
import io.wan4j.roofline.Bound;
import io.wan4j.roofline.Ceilings;
import io.wan4j.tensor.Format;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Writes what a generation took, for committed results. */
final class ReportJson {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private ReportJson() {}

    static void write(Path file, GenerationReport report, Ceilings ceilings, Format compute) {
        ObjectNode root = JSON.createObjectNode();
        root.put("device", report.device());
        root.put("activations", compute.name());
        root.put("total_s", report.total().toNanos() / 1e9);
        report.peakResident().ifPresent(bytes -> root.put("peak_resident_bytes", bytes));
        report.held().ifPresent(held -> put(root, held));
        root.set("ceilings", JSON.valueToTree(ceilings));
        ArrayNode phases = root.putArray("phases");
        for (PhaseReport phase : report.phases()) {
            Bound bound = ceilings.bound(phase.work(), compute);
            ObjectNode row = phases.addObject();
            row.put("phase", phase.phase().label())
                    .put("seconds", phase.duration().toNanos() / 1e9)
                    .put("loading_s", phase.loading().toNanos() / 1e9)
                    .put("gflop", phase.work().flops() / 1e9)
                    .put("gflops", phase.work().flops() / 1e9 / phase.computeSeconds())
                    .put("weight_bytes", phase.weightBytes())
                    .put("workspace_peak_bytes", phase.workspacePeak())
                    .put("bound_s", bound.seconds())
                    .put("fraction_of_bound", bound.fraction(phase.computeSeconds()));
            phase.held().ifPresent(held -> put(row, held));
        }
        try {
            JSON.writeValue(file.toFile(), root);
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot be written", failure);
        }
    }

    private static void put(ObjectNode node, HeldMemory held) {
        node.put("predicted_memory_bytes", held.predicted())
                .put("resident_memory_bytes", held.measured())
                .put("resident_to_predicted", held.ratio());
    }
}
