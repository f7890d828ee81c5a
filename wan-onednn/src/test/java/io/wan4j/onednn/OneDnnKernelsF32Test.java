package io.wan4j.onednn;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.KernelsContract;

/** The kernel contract with activations in F32. */
class OneDnnKernelsF32Test extends KernelsContract {
    @Override
    protected Device open() {
        return new OneDnnProvider()
                .open(DeviceOptions.DEFAULT.withFormats(ActivationFormats.F32).withMemoryLimit(1L << 30));
    }
}
