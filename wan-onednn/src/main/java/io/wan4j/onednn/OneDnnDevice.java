package io.wan4j.onednn;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Memory;

/** The processor of this machine, through oneDNN. */
final class OneDnnDevice implements Device {
    private final ActivationFormats formats;
    private final OneDnnOptions choices;
    private final OneDnnMemory memory;
    private final Workers workers;
    private final OneDnnKernels kernels;
    private final Lanes lanes;
    private boolean closed;

    OneDnnDevice(DeviceOptions options, OneDnnOptions choices) {
        this.choices = choices;
        formats = options.formats().orElse(Dnnl.hasBf16() ? ActivationFormats.BF16 : ActivationFormats.F32);
        long limit = options.memoryLimit().orElseGet(Machine::availableBytes);
        int threads = options.threads() > 0 ? options.threads() : Machine.physicalCores();
        Workers[] later = new Workers[1];
        memory = new OneDnnMemory(limit, new Placement(formats.compute(), choices, () -> later[0]));
        lanes = LanesChoice.lanes(options.formats());
        workers = new Workers(threads, memory, lanes);
        later[0] = workers;
        kernels = new OneDnnKernels(workers, memory, formats.compute(), choices.attention());
    }

    @Override
    public String name() {
        return "onednn";
    }

    @Override
    public String description() {
        String products = Dnnl.hasAmx() ? "AMX" : Dnnl.hasBf16() ? "AVX-512 BF16" : "vectors without BF16";
        return "oneDNN on " + workers.count() + " threads, " + products + ", " + formats.compute() + " activations, "
                + lanes.name();
    }

    @Override
    public ActivationFormats formats() {
        return formats;
    }

    @Override
    public String choices() {
        return "FP8 weights " + choices.fp8() + ", attention " + choices.attention();
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
        // Every operation is done when its call returns.
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            kernels.close();
            workers.close();
            memory.close();
        }
    }
}
