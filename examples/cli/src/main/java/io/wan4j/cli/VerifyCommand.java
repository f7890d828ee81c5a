package io.wan4j.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceRequest;
import io.wan4j.testkit.golden.GoldenResult;
import io.wan4j.testkit.golden.GoldenResults;
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
        checkArguments();
        List<GoldenResult> results = new ArrayList<>();
        List<String> uncovered = new ArrayList<>(GoldenSuites.uncovered(goldens));
        DeviceRequest request = Device.named(backend);
        int ordinal = request.options().ordinal();
        try (Device device =
                request.with(formats.options().withOrdinal(ordinal)).open()) {
            out.println("device " + device.name() + ": " + device.description());
            for (GoldenSuite suite : GoldenSuites.in(goldens)) {
                GoldenResults report = suite.report(goldens.resolve(suite.name()), device);
                byCase(report.list()).forEach((name, rows) -> print(name, rows, out));
                results.addAll(report.list());
                uncovered.addAll(report.uncovered());
            }
        }
        Summary summary = Summary.of(backend, results, uncovered);
        json.ifPresent(file -> write(file, summary));
        summary.print(out);
        return summary.failed() == 0 && summary.passed() > 0 ? 0 : Wan.FAILED;
    }

    /** What is wrong with the arguments is said before any case runs. */
    private void checkArguments() {
        if (!Files.isDirectory(goldens)) {
            throw new IllegalArgumentException(goldens + ": expected a folder of golden vectors, got none");
        }
        if (GoldenSuites.in(goldens).isEmpty()
                && GoldenSuites.uncovered(goldens).isEmpty()) {
            throw new IllegalArgumentException(goldens
                    + ": expected a folder of golden vectors, with folders such as dit or vae, got none of them");
        }
        json.ifPresent(file -> {
            Path parent = file.toAbsolutePath().getParent();
            if (Files.isDirectory(file) || parent == null || !Files.isWritable(parent)) {
                throw new IllegalArgumentException(
                        "--json " + file + ": expected a file in a folder that can be written to, got none");
            }
        });
    }

    /** All that was found: counts of cases, names of what was not covered, every comparison. */
    record Summary(String device, long passed, long failed, List<String> notCovered, List<GoldenResult> results) {
        static Summary of(String device, List<GoldenResult> results, List<String> notCovered) {
            Map<String, List<GoldenResult>> cases = byCase(results);
            long failed = cases.values().stream()
                    .filter(rows -> !rows.stream().allMatch(GoldenResult::passed))
                    .count();
            return new Summary(device, cases.size() - failed, failed, List.copyOf(notCovered), results);
        }

        void print(PrintWriter out) {
            if (!notCovered.isEmpty()) {
                out.println(notCovered.size() + " not covered: " + String.join(", ", notCovered));
            }
            out.println(passed + " passed, " + failed + " failed");
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

    private static void write(Path file, Summary summary) {
        try {
            Path partial = file.resolveSibling("." + file.getFileName() + ".partial");
            Files.write(
                    partial,
                    new ObjectMapper()
                            .enable(SerializationFeature.INDENT_OUTPUT)
                            .writeValueAsBytes(summary));
            Files.move(partial, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot write the comparisons", failure);
        }
    }
}
