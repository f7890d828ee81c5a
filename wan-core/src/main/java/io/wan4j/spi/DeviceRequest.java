package io.wan4j.spi;

import io.wan4j.error.DeviceException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which device a user wants, and how.
 *
 * @param provider name of its provider, or empty for the best usable one
 * @param options threads, formats, memory
 */
public record DeviceRequest(Optional<String> provider, DeviceOptions options) {
    /** A provider's name and the number of a device. */
    static final Pattern NUMBERED = Pattern.compile("(.+):(\\d{1,6})");

    private static final Logger LOG = LoggerFactory.getLogger(DeviceRequest.class);

    /** This request with other options. */
    public DeviceRequest with(DeviceOptions chosen) {
        return new DeviceRequest(provider, chosen);
    }

    /** All providers on the class path, the most preferred first. */
    public static List<DeviceProvider> providers() {
        return ServiceLoader.load(DeviceProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparingInt(DeviceProvider::priority).reversed())
                .toList();
    }

    /**
     * Opens the device; the caller closes it. Says in the log which one was taken and why others were not. Only without a
     * name does the next provider take the place of one that refuses or is busy.
     *
     * @throws DeviceException if the named device is unknown or refuses, or none can be used
     */
    public Device open() {
        return open(providers());
    }

    /** Opens the device with one of these providers, the most preferred first. */
    Device open(List<DeviceProvider> known) {
        return provider.isPresent() ? openNamed(known, provider.get()) : openBest(known);
    }

    private Device openNamed(List<DeviceProvider> known, String name) {
        DeviceProvider chosen = known.stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new DeviceException("device " + name + ": expected one of "
                        + known.stream().map(DeviceProvider::name).collect(Collectors.joining(", "))
                        + "; is its module on the class path?"));
        chosen.refusal().ifPresent(reason -> {
            throw new DeviceException("device " + name + ": " + reason);
        });
        return chosen.open(options);
    }

    private Device openBest(List<DeviceProvider> known) {
        List<String> reasons = new ArrayList<>();
        for (DeviceProvider candidate : known) {
            Optional<String> refusal = candidate.refusal();
            if (refusal.isEmpty()) {
                try {
                    Device device = candidate.open(options);
                    LOG.info("device {}: {}", device.name(), device.description());
                    return device;
                } catch (DeviceException busy) {
                    refusal = Optional.of(String.valueOf(busy.getMessage()));
                }
            }
            LOG.info("device {} is not used: {}", candidate.name(), refusal.get());
            reasons.add(candidate.name() + ": " + refusal.get());
        }
        throw new DeviceException(
                "no usable device: expected a provider on the class path that can be used, got " + reasons);
    }
}
