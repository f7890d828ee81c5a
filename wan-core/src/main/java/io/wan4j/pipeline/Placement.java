package io.wan4j.pipeline;

import io.wan4j.dry.DryDevice;
import io.wan4j.error.DeviceException;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.model.text.TextEncoder;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Memory;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * What of a model stays on a device with so much memory.
 *
 * @param kept phases whose network stays loaded between generations
 * @param residency blocks of the transformer that stay while it runs
 * @param textStreamed whether the text encoder's blocks come one by one
 */
public record Placement(Set<Phase> kept, Residency residency, boolean textStreamed) {
    /**
     * Everything stays if it fits at once; else each network comes and goes, and of the transformer's blocks as many stay
     * as fit.
     *
     * @param costs what each phase needs
     * @param room what may be used
     * @throws DeviceException if a phase cannot run in so little
     */
    public static Placement of(Map<Phase, PhaseCost> costs, ModelParts parts, Room room) {
        long weights = costs.values().stream().mapToLong(PhaseCost::arenaBytes).sum();
        long workspace = costs.values().stream()
                .mapToLong(PhaseCost::workspacePeak)
                .max()
                .orElse(0);
        if (room.holds(weights, workspace)) {
            return new Placement(EnumSet.allOf(Phase.class), Residency.ALL, false);
        }
        PhaseCost text = costs.get(Phase.TEXT_ENCODING);
        boolean textStreamed = text != null && !room.holds(text.arenaBytes(), text.workspacePeak());
        costs.forEach((phase, cost) -> {
            long least = phase == Phase.TEXT_ENCODING && textStreamed
                    ? cost.arenaBytes() - (parts.text().config().layers() - 1) * textBlockBytes(parts)
                    : cost.arenaBytes();
            if (phase != Phase.DENOISING) {
                room.require(phase, least, cost.workspacePeak());
            }
        });
        PhaseCost denoising = costs.get(Phase.DENOISING);
        if (denoising == null || room.holds(denoising.arenaBytes(), denoising.workspacePeak())) {
            return new Placement(Set.of(), Residency.ALL, textStreamed);
        }
        int layers = parts.transformer().config().layers();
        long block = blockBytes(parts);
        long least = denoising.arenaBytes() - layers * block + Math.min(Residency.LEAST_SLOTS, layers) * block;
        long left = room.require(Phase.DENOISING, least, denoising.workspacePeak());
        int blocks = (int) Math.min(layers, Residency.LEAST_SLOTS + left / Math.max(1, block));
        return new Placement(Set.of(), Residency.forRoom(blocks, layers), textStreamed);
    }

    /** Bytes of one block's weights. */
    private static long blockBytes(ModelParts parts) {
        int layers = parts.transformer().config().layers();
        return (transformerBytes(parts, Residency.ALL) - transformerBytes(parts, new Residency(0))) / layers;
    }

    private static long textBlockBytes(ModelParts parts) {
        DryDevice all = new DryDevice(ActivationFormats.F32);
        TextEncoder.load(parts.text().config(), parts.text().source(), all).close();
        DryDevice none = new DryDevice(ActivationFormats.F32);
        TextEncoder.loadStreamed(parts.text().config(), parts.text().source(), none)
                .close();
        return (all.peakInArenas() - none.peakInArenas())
                / parts.text().config().layers();
    }

    private static long transformerBytes(ModelParts parts, Residency residency) {
        DryDevice device = new DryDevice(ActivationFormats.F32);
        WanTransformer.load(parts.transformer().config(), parts.transformer().source(), device, residency)
                .close();
        return device.peakInArenas();
    }

    /**
     * Device memory that a generation may use.
     *
     * @param bytes all of it
     * @param memory knows what its kernels need for themselves
     */
    public record Room(long bytes, Memory memory) {
        private boolean holds(long weights, long workspace) {
            return needed(weights, workspace) <= bytes;
        }

        private long needed(long weights, long workspace) {
            return weights + workspace + memory.scratchBound(workspace);
        }

        /** Bytes that are left. */
        private long require(Phase phase, long weights, long workspace) {
            long needed = needed(weights, workspace);
            if (needed > bytes) {
                throw new DeviceException(String.format(
                        "memory limit: %s needs %,d MiB, but only %,d MiB may be used; raise the limit, or ask for fewer"
                                + " frames or a smaller size",
                        phase.label(), needed >> 20, bytes >> 20));
            }
            return bytes - needed;
        }
    }
}
