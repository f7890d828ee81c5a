package io.wan4j.cuda.driver;

import io.wan4j.cuda.driver.Refusal.Reason;
import io.wan4j.error.DeviceException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The steps of {@link CudaProbe#run}, over any driver library. */
final class DriverProbe {
    /** Has every function in use and the instructions of the kernels (PTX 8.7): branch 570. */
    static final int OLDEST_VERSION = 12_080;

    private static final String INSTALL =
            "install or update the NVIDIA driver to 570 or later (in a container: start it with --gpus all), or use the CPU";

    private DriverProbe() {}

    static CudaProbe probe(Supplier<DriverCalls> library) {
        DriverCalls calls;
        try {
            calls = library.get();
        } catch (LinkageError failure) {
            return refused(Reason.NO_DRIVER, "no NVIDIA driver library loads: " + failure.getMessage(), INSTALL);
        }
        Optional<Refusal> refusal =
                checkVersion(calls).or(() -> checkFunctions(calls)).or(() -> start(calls));
        if (refusal.isPresent()) {
            return new CudaProbe.Refused(refusal.get());
        }
        return findDevices(new NativeCudaDriver(calls));
    }

    private static Optional<Refusal> checkVersion(DriverCalls calls) {
        if (!calls.has("cuDriverGetVersion")) {
            return Optional.of(missing("cuDriverGetVersion"));
        }
        int[] version = new int[1];
        int result = calls.call("cuDriverGetVersion", version);
        if (result != 0) {
            return Optional.of(new Refusal(
                    Reason.DRIVER_FAILED, "cuDriverGetVersion: " + CheckedCalls.describe(calls, result), INSTALL));
        }
        if (version[0] < OLDEST_VERSION) {
            return Optional.of(new Refusal(
                    Reason.DRIVER_TOO_OLD,
                    "expected a driver for CUDA " + text(OLDEST_VERSION) + " or later, got one for CUDA "
                            + text(version[0]),
                    INSTALL));
        }
        return Optional.empty();
    }

    private static Optional<Refusal> checkFunctions(DriverCalls calls) {
        return NativeCudaDriver.FUNCTIONS.stream()
                .filter(name -> !calls.has(name))
                .findFirst()
                .map(DriverProbe::missing);
    }

    private static Optional<Refusal> start(DriverCalls calls) {
        int result = calls.call("cuInit", 0);
        if (result == CheckedCalls.ERROR_NO_DEVICE) {
            return Optional.of(noDevice());
        }
        if (result != 0) {
            return Optional.of(new Refusal(
                    Reason.DRIVER_FAILED,
                    "cuInit: " + CheckedCalls.describe(calls, result),
                    "check that `nvidia-smi` runs; a reboot is needed after a driver update"));
        }
        return Optional.empty();
    }

    private static CudaProbe findDevices(NativeCudaDriver driver) {
        try {
            List<DeviceInfo> devices = driver.devices();
            return devices.isEmpty() ? new CudaProbe.Refused(noDevice()) : new CudaProbe.Usable(driver, devices);
        } catch (DeviceException failure) {
            return refused(Reason.DRIVER_FAILED, String.valueOf(failure.getMessage()), "check that `nvidia-smi` runs");
        }
    }

    private static Refusal noDevice() {
        return new Refusal(
                Reason.NO_DEVICE,
                "the driver has no device for this process",
                "check CUDA_VISIBLE_DEVICES and `nvidia-smi -L`, or use the CPU");
    }

    private static Refusal missing(String function) {
        return new Refusal(Reason.FUNCTION_MISSING, "the driver lacks " + function, INSTALL);
    }

    private static CudaProbe refused(Reason reason, String detail, String remedy) {
        return new CudaProbe.Refused(new Refusal(reason, detail, remedy));
    }

    private static String text(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }
}
