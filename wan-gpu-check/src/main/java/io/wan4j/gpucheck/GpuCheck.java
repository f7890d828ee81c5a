package io.wan4j.gpucheck;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The GPU check: runs all parts, prints a table and keeps a JSON file up to date. Exit status: 0 all passed, 1 something
 * failed, 2 no usable device, 64 wrong arguments. System property {@value #HOME} is the folder of the bundle.
 */
public final class GpuCheck {
    /** System property with the folder of the bundle. */
    public static final String HOME = "wan.gpucheck.home";

    private static final int FAILED = 1;
    private static final int USAGE = 64;

    private final Settings settings;
    private final PrintStream out;

    /** A check that prints to {@code out}. */
    GpuCheck(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Runs the check. */
    public static void main(String[] arguments) {
        Path home = Path.of(System.getProperty(HOME, ".")).toAbsolutePath().normalize();
        Settings settings;
        try {
            settings = Settings.parse(arguments, home);
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage() + "\n" + Settings.USAGE);
            System.exit(USAGE);
            return;
        }
        System.exit(new GpuCheck(settings, System.out).run());
    }

    /** Runs all parts; gives the exit status. */
    int run() {
        UnitProcess processes =
                new UnitProcess(settings, settings.results().toAbsolutePath().resolve("logs"));
        Results results = new Results(settings, commit(settings.home()), ZonedDateTime.now(ZoneOffset.UTC));
        for (Part part : settings.parts()) {
            for (String unit : part.units()) {
                out.printf("%s %s ...%n", part.label(), unit);
                UnitResult result = processes.run(part, unit);
                if (part == Part.DOCTOR && result.status() == UnitMain.NO_DEVICE) {
                    out.println("The device cannot be used: " + reason(result));
                    return UnitMain.NO_DEVICE;
                }
                results.add(result);
                Path file = results.write();
                out.println(Results.lines(result, new Comparisons(List.of())));
                out.printf("  %.1f s, results in %s%n", result.seconds(), file);
            }
        }
        String table = results.table();
        if (!table.isEmpty()) {
            out.println(
                    "kernels, with shares of the measured ceiling and ratios to peers (above 1: faster):\n" + table);
        }
        if (!results.libraries().isEmpty()) {
            out.println("for libraries.tsv of wan-cuda, once the results are committed:\n"
                    + String.join("\n", results.libraries()));
        }
        out.println(results.failed() ? "something FAILED, see above" : "all passed");
        return results.failed() ? FAILED : 0;
    }

    private static String reason(UnitResult result) {
        return result.rows().stream()
                .filter(row -> row.status() == Row.Status.FAILED)
                .map(row -> String.valueOf(row.values().get("why")))
                .collect(Collectors.joining("; "));
    }

    /** The commit that the bundle was built from. */
    static String commit(Path home) {
        try {
            Path file = home.resolve("commit");
            return Files.exists(file) ? Files.readString(file).strip() : "unknown";
        } catch (IOException failure) {
            throw new UncheckedIOException(home + ": cannot read the commit", failure);
        }
    }
}
