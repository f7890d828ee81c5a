package io.wan4j.ops;

import io.wan4j.spi.DelegatingDevice;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;

/**
 * A device that looks at the output of every linear layer and every convolution, and stops at the first one that is not
 * finite, by its name: {@code blocks.7.ffn.2} is in block 7. Waits for the device at every layer: for finding faults, not
 * for speed.
 */
public final class FiniteCheckDevice extends DelegatingDevice {
    /** Checks what this device computes; closing closes it too. */
    public FiniteCheckDevice(Device device) {
        super(device);
    }

    @Override
    public Kernels kernels() {
        return new FiniteCheckKernels(super.kernels());
    }
}
