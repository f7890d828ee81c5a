package io.wan4j.cli;

import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.DeviceProvider;
import io.wan4j.spi.DeviceRequest;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code wan doctor}. */
@Command(
        name = "doctor",
        description = "Says which devices can be used here, and why others cannot.",
        mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init")
    DoctorCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "java %s, %d processors, heap limit %d MiB%n",
                System.getProperty("java.version"),
                Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory() >> 20);
        for (DeviceProvider provider : DeviceRequest.providers()) {
            Optional<String> refusal = provider.refusal();
            if (refusal.isPresent()) {
                out.printf("%-10s no: %s%n", provider.name(), refusal.get());
                continue;
            }
            try (Device device = provider.open(DeviceOptions.DEFAULT)) {
                out.printf("%-10s yes: %s%n", provider.name(), device.description());
            }
        }
        return 0;
    }
}
