package io.wan4j.cuda;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.testkit.KernelsContract;

/** Every kernel with its real instructions, on the simulator, BF16 activations. */
class CudaContractTest extends KernelsContract {
    @Override
    protected Device open() {
        return SimulatedDevices.open(SimulatedDevices.driver(), ActivationFormats.BF16);
    }

    @Override
    protected boolean larger() {
        return false;
    }
}
