package io.wan4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.wan4j.spi.Device;
import io.wan4j.testkit.golden.GoldenResult;
import io.wan4j.testkit.golden.GoldenSuite;
import io.wan4j.testkit.golden.GoldenSuites;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code wan verify}. */
@Command(
        name = "verify",
        description = "Compares this library on a device with golden vectors of the reference implementation.",
        mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--goldens", paramLabel = "DIR", description = "Folder of golden vectors (default: the project's).")
    private Path goldens = Path.of(System.getProperty("wan.home", "."), "goldens");

    @Option(
            names = {"--backend", "--device"},
            paramLabel = "NAME",
            defaultValue = "reference",
            description = "Device to check (default: ${DEFAULT-VALUE}).")
    private String backend = "reference";

    @Mixin
    private FormatArguments formats = new FormatArguments();

    @Option(names = "--json", paramLabel = "FILE", description = "Write all comparisons here.")
    private Optional<Path> json = Optional.empty();

    @SuppressWarnings("NullAway.Init")
    VerifyCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (!Files.isDirectory(goldens)) {
            throw new IllegalArgumentException(goldens + ": expected a folder of golden vectors, got none");
        }
        List<GoldenResult> results = new ArrayList<>();
        try (Device device = Device.named(backend).with(formats.options()).open()) {
            out.println("device " + device.name() + ": " + device.description());
            for (GoldenSuite suite : GoldenSuites.in(goldens)) {
                List<GoldenResult> suiteResults = run(suite, device);
                byCase(suiteResults).forEach((name, rows) -> print(name, rows, out));
                results.addAll(suiteResults);
            }
        }
        json.ifPresent(file -> write(file, results));
        return summarise(results, out);
    }

    /** The comparisons of a suite; one that cannot go on is a failure of its own, and the others still run. */
    private List<GoldenResult> run(GoldenSuite suite, Device device) {
        try {
            return suite.run(goldens.resolve(suite.name()), device);
        } catch (RuntimeException failure) {
            return List.of(new GoldenResult(
                    suite.name(), "suite", failure.toString(), Double.POSITIVE_INFINITY, 0, "stopped by"));
        }
    }

    private static Map<String, List<GoldenResult>> byCase(List<GoldenResult> results) {
        Map<String, List<GoldenResult>> cases = new LinkedHashMap<>();
        results.forEach(
                result -> cases.computeIfAbsent(result.suite() + "/" + result.caseName(), name -> new ArrayList<>())
                        .add(result));
        return cases;
    }

    /** One line for a case: its comparison that is nearest to, or furthest over, its bound; all that failed. */
    private static void print(String name, List<GoldenResult> rows, PrintWriter out) {
        GoldenResult worst = rows.stream()
                .max(Comparator.comparingDouble(VerifyCommand::closeness))
                .orElseThrow();
        out.printf(
                Locale.ROOT,
                "%-4s %-32s %3d tensors, worst %s: %s %.2e, bound %.1e%n",
                worst.passed() ? "ok" : "FAIL",
                name,
                rows.size(),
                worst.tensor(),
                worst.measure(),
                worst.error(),
                worst.bound());
        rows.stream().filter(row -> !row.passed() && !row.equals(worst)).forEach(row -> out.println("     " + row));
        out.flush();
    }

    private static double closeness(GoldenResult result) {
        if (!result.passed()) {
            return Double.isNaN(result.error()) ? Double.MAX_VALUE : Math.min(Double.MAX_VALUE, 1e6 + result.error());
        }
        return result.bound() == 0 ? 0 : result.error() / result.bound();
    }

    private int summarise(List<GoldenResult> results, PrintWriter out) {
        List<String> uncovered = GoldenSuites.uncovered(goldens);
        if (!uncovered.isEmpty()) {
            out.println(uncovered.size() + " folders not covered: " + String.join(", ", uncovered));
        }
        Map<String, List<GoldenResult>> cases = byCase(results);
        long failed = cases.values().stream()
                .filter(rows -> !rows.stream().allMatch(GoldenResult::passed))
                .count();
        out.println(cases.size() - failed + " passed, " + failed + " failed");
        return failed == 0 && !cases.isEmpty() ? 0 : Wan.FAILED;
    }

    private static void write(Path file, List<GoldenResult> results) {
        try {
            Path partial = file.resolveSibling("." + file.getFileName() + ".partial");
            Files.write(
                    partial,
                    new ObjectMapper()
                            .enable(SerializationFeature.INDENT_OUTPUT)
                            .writeValueAsBytes(results));
            Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot write the comparisons", failure);
        }
    }
}
