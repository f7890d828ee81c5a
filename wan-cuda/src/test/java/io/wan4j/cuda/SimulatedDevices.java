package io.wan4j.cuda;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.ptx.SimulatorOptions;

/** Devices of the CUDA backend on the simulator. */
final class SimulatedDevices {
    private static final long DEVICE_BYTES = 256L << 20;

    private SimulatedDevices() {}

    static SimulatedCudaDriver driver() {
        return new SimulatedCudaDriver(DEVICE_BYTES, SimulatorOptions.full());
    }

    static SimulatedCudaDriver fastDriver() {
        return new SimulatedCudaDriver(DEVICE_BYTES, SimulatorOptions.fast());
    }

    /** Small staging and scratch, so that small operands go through them in several pieces. */
    static MemorySizes smallSizes() {
        return new MemorySizes(64L << 20, 64L << 10, 96L << 10, 64 << 10, 0);
    }

    static CudaDevice open(SimulatedCudaDriver driver, ActivationFormats formats) {
        return CudaDevice.open(driver, driver.info(), DeviceOptions.DEFAULT.withFormats(formats), smallSizes());
    }
}
