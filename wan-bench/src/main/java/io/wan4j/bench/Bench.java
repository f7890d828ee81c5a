package io.wan4j.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.wan4j.spi.DeviceOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wan bench}: the table of the CPU backend beside libtorch, OpenBLAS and EJML. */
@Command(
        name = "wan bench",
        description = "Measures the CPU backend at Wan's sizes beside libtorch, OpenBLAS and EJML, in one run.",
        mixinStandardHelpOptions = true)
public final class Bench implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--quick", description = "Smaller sizes and fewer rounds; a few minutes.")
    private boolean quick;

    @Option(names = "--filter", paramLabel = "REGEX", defaultValue = "", description = "Only experiments that match.")
    private String filter = "";

    @Option(names = "--json", paramLabel = "FILE", description = "Write the rows here, and the machine beside them.")
    private Optional<Path> json = Optional.empty();

    @Option(names = "--threads", paramLabel = "N", defaultValue = "2", description = "Threads (default: 2).")
    private int threads = 2;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "0", description = "Rounds (default: 9, quick: 5).")
    private int rounds;

    @Option(names = "--list", description = "Only list the experiments.")
    private boolean list;

    /** For picocli, which sets the fields. */
    @SuppressWarnings("NullAway.Init")
    public Bench() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new Bench()).execute(args));
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Pattern pattern = Pattern.compile(filter);
        try (Devices devices = new Devices(DeviceOptions.DEFAULT.withThreads(threads))) {
            List<Experiment> chosen = Experiments.all(devices).stream()
                    .filter(experiment -> !quick || experiment.isQuick())
                    .filter(experiment -> pattern.matcher(experiment.toString()).find())
                    .toList();
            if (list) {
                chosen.forEach(out::println);
                return 0;
            }
            Libtorch.start(threads);
            Machine machine = Machine.here(threads);
            out.println(machine);
            Harness harness =
                    new Harness(threads, rounds > 0 ? rounds : quick ? 5 : 9, quick ? 20 : 120, devices.ceilings());
            out.println(harness);
            out.println(Table.HEADER);
            List<Row> rows = new ArrayList<>();
            for (Experiment experiment : chosen) {
                List<Row> measured = harness.run(experiment);
                measured.forEach(row -> out.println(Table.line(row)));
                out.flush();
                rows.addAll(measured);
            }
            json.ifPresent(file -> write(file, rows, machine));
        }
        return 0;
    }

    private static void write(Path file, List<Row> rows, Machine machine) {
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        String stem = name.endsWith(".json") ? name.substring(0, name.length() - ".json".length()) : name;
        try {
            mapper.writeValue(file.toFile(), rows);
            mapper.writeValue(file.resolveSibling(stem + ".machine.json").toFile(), machine);
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot be written", failure);
        }
    }
}
