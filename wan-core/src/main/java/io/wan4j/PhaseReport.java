package io.wan4j;

import io.wan4j.dry.Work;
import io.wan4j.pipeline.Phase;
import java.time.Duration;
import java.util.Optional;

/**
 * What one phase took.
 *
 * @param phase the phase
 * @param duration wall time, loading of its model included
 * @param loading wall time of loading its model, zero if it was loaded already
 * @param work matrix work and bytes by the shapes
 * @param weightBytes bytes of its model on the device
 * @param workspacePeak most bytes of temporaries at once
 * @param held memory of the process at its end, where the device uses it and the system tells it
 */
public record PhaseReport(
        Phase phase,
        Duration duration,
        Duration loading,
        Work work,
        long weightBytes,
        long workspacePeak,
        Optional<HeldMemory> held) {
    /** This part of a phase and a later one together. */
    PhaseReport and(PhaseReport later) {
        return new PhaseReport(
                phase,
                duration.plus(later.duration),
                loading.plus(later.loading),
                work.plus(later.work),
                Math.max(weightBytes, later.weightBytes),
                Math.max(workspacePeak, later.workspacePeak),
                held.isPresent() && later.held.isPresent() ? held.map(h -> h.max(later.held.get())) : later.held);
    }

    /** Wall time without loading, in seconds. */
    public double computeSeconds() {
        return duration.minus(loading).toNanos() / 1e9;
    }
}
