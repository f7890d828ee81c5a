package io.wan4j.cli;

import io.wan4j.spi.DeviceProvider;
import io.wan4j.spi.DeviceRequest;
import java.io.PrintWriter;
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
            for (String line : provider.report()) {
                out.printf("%-10s %s%n", provider.name(), line);
            }
        }
        return 0;
    }
}
