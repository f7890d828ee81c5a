package io.wan4j.pipeline;

import io.wan4j.dry.Work;

/**
 * What a phase will need, by the shapes.
 *
 * @param work matrix work and bytes
 * @param curve how the work is spread over the phase's ticks
 * @param arenaBytes most bytes of weights and of what lives through the phase, in the checkpoint's formats
 * @param workspacePeak most bytes of temporaries at once
 */
public record PhaseCost(Work work, WorkCurve curve, long arenaBytes, long workspacePeak) {
    /** Most bytes of device memory at once. */
    public long deviceBytes() {
        return arenaBytes + workspacePeak;
    }
}
