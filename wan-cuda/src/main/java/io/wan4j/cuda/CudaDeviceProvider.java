package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaProbe;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.cuda.driver.Refusal;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.DeviceProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** NVIDIA GPUs of compute capability 8.0 and later, by the name {@code cuda}. */
public final class CudaDeviceProvider implements DeviceProvider {
    private static final int PRIORITY = 20;

    private final Supplier<CudaProbe> probe;
    private final Supplier<CudaSettings> settings;

    /** Looks for the driver of this machine when asked; settings come from the system properties. */
    public CudaDeviceProvider() {
        this(CudaProbe::run);
    }

    /** Asks this probe, which may give a driver of another kind: one that watches, or a simulated one. */
    public CudaDeviceProvider(Supplier<CudaProbe> probe) {
        this(probe, CudaSettings::ofSystemProperties);
    }

    /** The same with settings that do not come from the system properties. */
    public CudaDeviceProvider(Supplier<CudaProbe> probe, Supplier<CudaSettings> settings) {
        this.probe = probe;
        this.settings = settings;
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public int priority() {
        return PRIORITY;
    }

    /** Why no device can be used, as a value; empty if one can. */
    public Optional<Refusal> why() {
        CudaProbe result = probe.get();
        if (result instanceof CudaProbe.Refused refused) {
            return Optional.of(refused.refusal());
        }
        List<DeviceInfo> devices = ((CudaProbe.Usable) result).devices();
        boolean usable =
                devices.stream().anyMatch(device -> CudaDevice.refusal(device).isEmpty());
        return usable ? Optional.empty() : CudaDevice.refusal(devices.get(0));
    }

    @Override
    public Optional<String> refusal() {
        return why().map(Refusal::toString);
    }

    @Override
    public List<String> report() {
        List<String> lines = new ArrayList<>(DeviceProvider.super.report());
        CudaSettings.Libraries use = settings.get().libraries();
        if (!(probe.get() instanceof CudaProbe.Usable usable) || why().isPresent()) {
            return lines;
        }
        if (use == CudaSettings.Libraries.OFF) {
            lines.add("libraries are off (" + CudaSettings.LIBRARIES + ")");
        } else {
            LibrarySource libraries = LibrarySource.ofSystem();
            LibraryPolicy policy = new LibraryPolicy(
                    use, libraries.table(), usable.devices().get(0).capability());
            lines.add(policy.report(libraries.cublasLt().get(), LibraryTable.Library.CUBLASLT));
            lines.add(policy.report(libraries.cudnn().get(), LibraryTable.Library.CUDNN));
        }
        return lines;
    }

    @Override
    public Device open(DeviceOptions options) {
        CudaProbe result = probe.get();
        if (result instanceof CudaProbe.Refused refused) {
            throw new DeviceException(refused.refusal().toString());
        }
        CudaProbe.Usable usable = (CudaProbe.Usable) result;
        DeviceInfo info = CudaDevice.find(usable.devices(), options.ordinal());
        return CudaDevice.open(
                usable.driver(), info, options, CudaSetup.of(MemorySizes.of(info.totalBytes()), settings.get()));
    }
}
