package io.wan4j.cuda;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.ptx.SimulatorOptions;

/** Devices of the CUDA backend on the simulator. */
final class SimulatedDevices {
    private static final long DEVICE_BYTES = 256L << 20;

    private static final int HOPPER_SHARED = 232_448;

    private SimulatedDevices() {}

    static SimulatedCudaDriver driver() {
        return new SimulatedCudaDriver(DEVICE_BYTES, SimulatorOptions.full());
    }

    static SimulatedCudaDriver fastDriver() {
        return new SimulatedCudaDriver(DEVICE_BYTES, SimulatorOptions.fast());
    }

    /** A device of compute capability 9.0 with two multiprocessors. */
    static SimulatedCudaDriver hopper(SimulatorOptions options) {
        return new SimulatedCudaDriver(
                options,
                new DeviceInfo(0, "Simulated Hopper", new ComputeCapability(9, 0), DEVICE_BYTES, 2, HOPPER_SHARED));
    }

    /** Small staging and scratch, so that small operands go through them in several pieces. */
    static MemorySizes smallSizes() {
        return new MemorySizes(64L << 20, 64L << 10, 96L << 10, 64 << 10, 0);
    }

    static CudaDevice open(SimulatedCudaDriver driver, ProductKernels products) {
        DeviceOptions options = DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);
        CudaSettings settings = CudaSettings.DEFAULT.withProducts(products);
        return CudaDevice.open(driver, driver.info(), options, CudaSetup.of(smallSizes(), settings));
    }

    static CudaDevice open(SimulatedCudaDriver driver, ActivationFormats formats) {
        return CudaDevice.open(driver, driver.info(), DeviceOptions.DEFAULT.withFormats(formats), smallSizes());
    }
}
