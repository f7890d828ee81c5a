package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaProbe;
import io.wan4j.testkit.ptx.SimulatorOptions;
import java.util.List;

/** The simulated driver of the CUDA backend's tests, as a probe would find it. */
public final class SimulatedProbe {
    private SimulatedProbe() {}

    /** A driver with one simulated GPU. */
    public static CudaProbe.Usable usable() {
        SimulatedCudaDriver driver = SimulatedDevices.fastDriver();
        return new CudaProbe.Usable(driver, List.of(driver.info()));
    }

    /** A driver with one simulated GPU of compute capability 9.0. */
    public static CudaProbe.Usable hopper() {
        SimulatedCudaDriver driver = SimulatedDevices.hopper(SimulatorOptions.fast());
        return new CudaProbe.Usable(driver, List.of(driver.info()));
    }

    /** Objects of that driver which were not given back. */
    public static int alive(CudaProbe.Usable usable) {
        return ((SimulatedCudaDriver) usable.driver()).alive();
    }
}
