package io.wan4j.bench;

import io.wan4j.spi.DeviceOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
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

    @Option(
            names = "--json",
            paramLabel = "FILE",
            description =
                    "Write the rows here after each experiment, and the machine beside them; rows of an earlier run of"
                            + " the same commit on the same machine stay, unless they are measured again.")
    private Optional<Path> json = Optional.empty();

    @Option(names = "--threads", paramLabel = "N", defaultValue = "2", description = "Threads (default: 2).")
    private int threads = 2;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "0", description = "Rounds (default: 9, quick: 5).")
    private int rounds;

    @Option(
            names = "--jmh",
            arity = "0..*",
            paramLabel = "ARG",
            description = "Run the kernels' JMH benchmarks instead; what follows goes to JMH (-l lists them).")
    private @Nullable List<String> jmh;

    @Option(names = "--list", description = "Only list the experiments.")
    private boolean list;

    /** For picocli, which sets the fields. */
    @SuppressWarnings("NullAway.Init")
    public Bench() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(execute(new CommandLine(new Bench()), args));
    }

    /** Wrong arguments are one line and exit code 2. */
    static int execute(CommandLine line, String... args) {
        return line.setUnmatchedOptionsAllowedAsOptionParameters(true)
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    if (failure instanceof IllegalArgumentException) {
                        command.getErr().println("wan bench: " + failure.getMessage());
                        return 2;
                    }
                    throw failure;
                })
                .execute(args);
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (jmh != null) {
            Jmh.run(jmh, out);
            return 0;
        }
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
            Machine machine = Machine.here(threads);
            Optional<ResultFile> results = json.map(file -> ResultFile.open(file, machine));
            Libtorch.start(threads);
            out.println(machine);
            Harness harness =
                    new Harness(threads, rounds > 0 ? rounds : quick ? 5 : 9, quick ? 20 : 120, devices.ceilings());
            out.println(harness);
            out.println(Table.HEADER);
            for (Experiment experiment : chosen) {
                List<Row> measured = harness.run(experiment);
                measured.forEach(row -> out.println(Table.line(row)));
                out.flush();
                results.ifPresent(file -> file.add(measured));
            }
        }
        return 0;
    }
}
