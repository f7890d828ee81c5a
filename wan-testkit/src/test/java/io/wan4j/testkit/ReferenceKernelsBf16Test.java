package io.wan4j.testkit;

import io.wan4j.cpu.ReferenceDevice;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;

/** The reference backend with BF16 activations; it keeps the strict tolerances, since it rounds results alone. */
class ReferenceKernelsBf16Test extends KernelsContract {
    @Override
    protected Device open() {
        return new ReferenceDevice(DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16));
    }

    @Override
    protected ErrorModel errors(Device opened) {
        return ErrorModel.F32;
    }
}
