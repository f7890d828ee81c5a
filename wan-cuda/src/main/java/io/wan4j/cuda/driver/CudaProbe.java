package io.wan4j.cuda.driver;

import java.util.List;

/** Whether CUDA can be used here, decided without ever ending the JVM. */
public sealed interface CudaProbe {
    /**
     * CUDA can be used.
     *
     * @param driver ready for calls
     * @param devices at least one
     */
    record Usable(CudaDriver driver, List<DeviceInfo> devices) implements CudaProbe {
        public Usable {
            devices = List.copyOf(devices);
        }
    }

    /** CUDA cannot be used, for this reason. */
    record Refused(Refusal refusal) implements CudaProbe {}

    /** Looks for the driver of this machine. */
    static CudaProbe run() {
        return DriverProbe.probe(() -> JnaDriverCalls.open("libcuda.so.1", "nvcuda.dll"));
    }
}
