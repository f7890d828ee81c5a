package io.wan4j.ops;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Memory;

/**
 * A device that looks at the output of every linear layer and every convolution, and stops at the first one that is not
 * finite, by its name: {@code blocks.7.ffn.2} is in block 7. Waits for the device at every layer: for finding faults, not
 * for speed.
 */
public final class FiniteCheckDevice implements Device {
    private final Device device;

    /** Checks what this device computes; closing closes it too. */
    public FiniteCheckDevice(Device device) {
        this.device = device;
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public String description() {
        return device.description();
    }

    @Override
    public ActivationFormats formats() {
        return device.formats();
    }

    @Override
    public String choices() {
        return device.choices();
    }

    @Override
    public Memory memory() {
        return device.memory();
    }

    @Override
    public Kernels kernels() {
        return new FiniteCheckKernels(device.kernels());
    }

    @Override
    public void synchronize() {
        device.synchronize();
    }

    @Override
    public void close() {
        device.close();
    }
}
