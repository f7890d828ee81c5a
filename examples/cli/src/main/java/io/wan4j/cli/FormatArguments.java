package io.wan4j.cli;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import picocli.CommandLine.Option;

/** Options about the formats of activations, for commands that take a device as it is. */
final class FormatArguments {
    /** Formats of activations. */
    enum Activations {
        DEFAULT,
        F32,
        BF16
    }

    @Option(
            names = "--activations",
            paramLabel = "F",
            defaultValue = "DEFAULT",
            description = "${COMPLETION-CANDIDATES} (default: the device's).")
    private Activations activations = Activations.DEFAULT;

    DeviceOptions options() {
        return switch (activations) {
            case DEFAULT -> DeviceOptions.DEFAULT;
            case F32 -> DeviceOptions.DEFAULT.withFormats(ActivationFormats.F32);
            case BF16 -> DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);
        };
    }
}
