package io.wan4j.cuda;

import io.wan4j.cuda.driver.CudaProbe;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.cuda.driver.Refusal;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.DeviceProvider;
import java.util.Optional;
import java.util.function.Supplier;

/** NVIDIA GPUs of compute capability 8.0 and later, by the name {@code cuda}. */
public final class CudaDeviceProvider implements DeviceProvider {
    private static final int PRIORITY = 20;

    private final Supplier<CudaProbe> probe;
    private final Optional<ProductKernels> products;

    /** Looks for the driver of this machine when asked. */
    public CudaDeviceProvider() {
        this(CudaProbe::run);
    }

    /** Asks this probe, which may give a driver of another kind: one that watches, or a simulated one. */
    public CudaDeviceProvider(Supplier<CudaProbe> probe) {
        this(probe, Optional.empty());
    }

    private CudaDeviceProvider(Supplier<CudaProbe> probe, Optional<ProductKernels> products) {
        this.probe = probe;
        this.products = products;
    }

    /** The same devices with other kernels than the system property {@link ProductKernels#PROPERTY} says. */
    public CudaDeviceProvider withProducts(ProductKernels chosen) {
        return new CudaDeviceProvider(probe, Optional.of(chosen));
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
        return CudaDevice.refusal(((CudaProbe.Usable) result).devices().get(0));
    }

    @Override
    public Optional<String> refusal() {
        return why().map(Refusal::toString);
    }

    @Override
    public Device open(DeviceOptions options) {
        CudaProbe result = probe.get();
        if (result instanceof CudaProbe.Refused refused) {
            throw new DeviceException(refused.refusal().toString());
        }
        CudaProbe.Usable usable = (CudaProbe.Usable) result;
        DeviceInfo info = CudaDevice.find(usable.devices(), options.ordinal());
        CudaDevice.Choices choices =
                new CudaDevice.Choices(MemorySizes.of(info.totalBytes()), products.orElseGet(ProductKernels::chosen));
        return CudaDevice.open(usable.driver(), info, options, choices);
    }
}
