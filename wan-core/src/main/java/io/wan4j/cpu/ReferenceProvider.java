package io.wan4j.cpu;

import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.DeviceProvider;
import java.util.Optional;

/** Offers the reference backend; usable on every machine. */
public final class ReferenceProvider implements DeviceProvider {
    /** For {@link java.util.ServiceLoader}. */
    public ReferenceProvider() {}

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public Optional<String> refusal() {
        return Optional.empty();
    }

    @Override
    public Device open(DeviceOptions options) {
        return new ReferenceDevice(options);
    }
}
