package io.wan4j.cuda;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.testkit.KernelsContract;

/** Every kernel with its real instructions, on the simulator, F32 throughout. */
class CudaF32ContractTest extends KernelsContract {
    @Override
    protected Device open() {
        return SimulatedDevices.open(SimulatedDevices.driver(), ActivationFormats.F32);
    }

    @Override
    protected boolean larger() {
        return false;
    }
}
