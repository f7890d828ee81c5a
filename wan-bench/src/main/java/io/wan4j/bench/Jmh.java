package io.wan4j.bench;

import java.io.PrintWriter;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs the benchmarks of single kernels with JMH's own command line. */
final class Jmh {
    private static final int SECONDS = 2;

    private Jmh() {}

    /**
     * Runs with JMH's options, such as {@code LinearBenchmark -p weights=INT8 -p device=reference -rf json -rff FILE}.
     * Where they do not say otherwise: one fork, three iterations to warm up and five that count, of two seconds each.
     *
     * @throws IllegalArgumentException if JMH does not know an option, or no benchmark matches
     */
    static Collection<RunResult> run(List<String> arguments, PrintWriter out) {
        try {
            CommandLineOptions given = new CommandLineOptions(arguments.toArray(new String[0]));
            if (given.shouldList()) {
                new Runner(given).list();
                return List.of();
            }
            Options options = new OptionsBuilder()
                    .parent(given)
                    .forks(given.getForkCount().orElse(1))
                    .warmupIterations(given.getWarmupIterations().orElse(3))
                    .warmupTime(given.getWarmupTime().orElse(TimeValue.seconds(SECONDS)))
                    .measurementIterations(given.getMeasurementIterations().orElse(5))
                    .measurementTime(given.getMeasurementTime().orElse(TimeValue.seconds(SECONDS)))
                    .build();
            return new Runner(options).run();
        } catch (CommandLineOptionException | RunnerException wrong) {
            throw new IllegalArgumentException("--jmh: " + wrong.getMessage(), wrong);
        } finally {
            out.flush();
        }
    }
}
