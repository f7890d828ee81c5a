package io.wan4j.cpu;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Memory;

/** The reference backend: plain Java on the host's cores. Results do not depend on the number of threads. */
public final class ReferenceDevice implements Device {
    private final ActivationFormats formats;
    private final HostMemory memory;
    private final Workers workers;
    private final Kernels kernels;

    /** Opens the device; activations are F32 unless the options name other formats. */
    public ReferenceDevice(DeviceOptions options) {
        this.formats = options.formats().orElse(ActivationFormats.F32);
        this.memory = new HostMemory(options.memoryLimit());
        this.workers = new Workers(
                options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors());
        this.kernels = new ReferenceKernels(workers);
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String description() {
        return "plain Java on " + workers.threads() + " threads, " + formats.compute() + " activations";
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
        // Kernels are done when they return.
    }

    @Override
    public void close() {
        workers.close();
        memory.close();
    }
}
