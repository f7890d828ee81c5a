package io.wan4j;

import io.wan4j.pipeline.Phase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a generation took, phase by phase.
 *
 * @param device name of the device
 * @param phases the phases that ran, in order
 * @param warnings what is unusual about the request for this model, and what gave way because memory ran short, in
 *     plain words; usually none
 * @param peakResident most bytes that the process held in memory since its start, where the system tells it
 */
public record GenerationReport(
        String device, List<PhaseReport> phases, List<String> warnings, OptionalLong peakResident) {
    /** Copies the lists. */
    public GenerationReport {
        warnings = List.copyOf(warnings);
        phases = List.copyOf(phases);
    }

    /** Wall time of all phases. */
    public Duration total() {
        return phases.stream().map(PhaseReport::duration).reduce(Duration.ZERO, Duration::plus);
    }

    /** Memory of the process in the phase that held most of it, where that is known. */
    public Optional<HeldMemory> held() {
        return phases.stream().flatMap(report -> report.held().stream()).reduce(HeldMemory::max);
    }

    /** One phase, if it ran. */
    public Optional<PhaseReport> phase(Phase phase) {
        return phases.stream().filter(report -> report.phase() == phase).findFirst();
    }
}
