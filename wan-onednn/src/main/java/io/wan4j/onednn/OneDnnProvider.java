package io.wan4j.onednn;

import io.wan4j.error.DeviceException;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.DeviceProvider;
import java.util.Optional;

/** Offers the processor through oneDNN; on 64-bit Linux with AVX2 or more. */
public final class OneDnnProvider implements DeviceProvider {
    /** For the service loader. */
    public OneDnnProvider() {}

    @Override
    public String name() {
        return "onednn";
    }

    @Override
    public int priority() {
        return 10;
    }

    @Override
    public Optional<String> refusal() {
        try {
            int isa = Dnnl.isa();
            int needed = org.bytedeco.dnnl.global.dnnl.dnnl_cpu_isa_avx2;
            if ((isa & needed) != needed) {
                return Optional.of(
                        "onednn: expected a processor with AVX2, got an older one; use the reference device");
            }
            return Optional.empty();
        } catch (LinkageError | RuntimeException e) {
            return Optional.of("onednn: expected native libraries for " + System.getProperty("os.name") + " "
                    + System.getProperty("os.arch") + ", got: " + e
                    + "; add the artifacts org.bytedeco:javacpp, dnnl and opencl with the classifier of this platform");
        }
    }

    @Override
    public Device open(DeviceOptions options) {
        Optional<String> refusal = refusal();
        if (refusal.isPresent()) {
            throw new DeviceException(refusal.get());
        }
        return new OneDnnDevice(options, OneDnnOptions.fromSystemProperties().with(options));
    }

    /** Opens a device with these choices instead of those of the system properties. */
    public Device open(DeviceOptions options, OneDnnOptions choices) {
        Optional<String> refusal = refusal();
        if (refusal.isPresent()) {
            throw new DeviceException(refusal.get());
        }
        return new OneDnnDevice(options, choices);
    }
}
