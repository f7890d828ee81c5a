package io.wan4j.testkit;

import io.wan4j.cpu.ReferenceDevice;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;

/** The reference backend with F32 activations. */
class ReferenceKernelsTest extends KernelsContract {
    @Override
    protected Device open() {
        return new ReferenceDevice(DeviceOptions.DEFAULT);
    }
}
