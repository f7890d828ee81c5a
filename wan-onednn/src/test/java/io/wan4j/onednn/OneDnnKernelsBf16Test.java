package io.wan4j.onednn;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.KernelsContract;

/** The kernel contract with activations in BF16. */
class OneDnnKernelsBf16Test extends KernelsContract {
    @Override
    protected Device open() {
        return new OneDnnProvider()
                .open(DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16).withMemoryLimit(1L << 30));
    }
}
