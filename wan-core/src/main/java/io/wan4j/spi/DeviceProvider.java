package io.wan4j.spi;

import io.wan4j.error.DeviceException;
import java.util.List;
import java.util.Optional;

/** A kind of device, registered in {@code META-INF/services/io.wan4j.spi.DeviceProvider}. */
public interface DeviceProvider {
    /** Name by which users ask for it, for example {@code reference}, {@code onednn}, {@code cuda}. */
    String name();

    /** Rank in the automatic choice; the highest usable one wins. Reference 0, fast CPU 10, GPU 20. */
    int priority();

    /** Why it cannot be used on this machine, and the remedy; empty if it can. Never throws, never ends the JVM. */
    Optional<String> refusal();

    /**
     * Opens a device; the caller closes it.
     *
     * @throws io.wan4j.error.DeviceException if it cannot be used
     */
    Device open(DeviceOptions options);

    /**
     * What a user should know, a line each: whether a device can be used, or why not and the remedy; then what else was
     * found on this machine. Never throws, never ends the JVM.
     */
    default List<String> report() {
        Optional<String> refusal = refusal();
        if (refusal.isPresent()) {
            return List.of("no: " + refusal.get());
        }
        try (Device device = open(DeviceOptions.DEFAULT)) {
            return List.of("yes: " + device.description());
        } catch (DeviceException busy) {
            return List.of("no: " + busy.getMessage());
        }
    }
}
