package io.wan4j.dry;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Memory;

/**
 * A device without data: whole pipelines run on it for their shapes, the exact peak of the workspace, the bytes of
 * weights, and the work. Downloads give zeros.
 */
public final class DryDevice implements Device {
    private final ActivationFormats formats;
    private final DryMemory memory = new DryMemory();
    private final DryKernels kernels = new DryKernels();

    /** A dry device with the activation formats of the device that it stands for. */
    public DryDevice(ActivationFormats formats) {
        this.formats = formats;
    }

    /** The work so far. */
    public Work work() {
        return kernels.work();
    }

    /** The most bytes that arenas held at once. */
    public long peakInArenas() {
        return memory.peakInArenas();
    }

    @Override
    public String name() {
        return "dry";
    }

    @Override
    public String description() {
        return "shapes only, " + formats.compute() + " activations";
    }

    @Override
    public ActivationFormats formats() {
        return formats;
    }

    @Override
    public Memory memory() {
        return memory;
    }

    @Override
    public Kernels kernels() {
        return kernels;
    }

    @Override
    public void synchronize() {
        // Nothing runs.
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
