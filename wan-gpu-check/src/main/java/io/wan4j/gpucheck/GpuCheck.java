package io.wan4j.gpucheck;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
    private static final int MOST_BESIDE = 6;

    /** Part of the time that is left which correctness may take, where time is short. */
    private static final int CORRECTNESS_SHARE = 2;

    /** With less than this no unit is started. */
    private static final Duration LEAST = Duration.ofSeconds(8);

    private final Settings settings;
    private final PrintStream out;
    private final UnitProcess processes;
    private final Results results;
    private final long start = System.nanoTime();

    /** A check that prints to {@code out}. */
    GpuCheck(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
        this.processes =
                new UnitProcess(settings, settings.results().toAbsolutePath().resolve("logs"));
        this.results = new Results(settings, commit(settings.home()), ZonedDateTime.now(ZoneOffset.UTC));
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
        GpuCheck check = new GpuCheck(settings, System.out);
        Runtime.getRuntime().addShutdownHook(new Thread(check.processes::endAll, "end-of-units"));
        System.exit(check.run());
    }

    /** Runs all parts; gives the exit status. */
    int run() {
        for (Plan.Stage stage : Plan.of(settings.parts())) {
            int beside = stage.sideBySide() ? beside(stage.steps().size()) : 0;
            ExecutorService threads = Executors.newFixedThreadPool(beside + 1);
            try {
                List<Future<UnitResult>> running = new ArrayList<>();
                Duration most = stage.sideBySide() ? left().dividedBy(CORRECTNESS_SHARE) : left();
                long end = System.nanoTime() + most.toNanos();
                stage.steps().forEach(step -> running.add(threads.submit(() -> one(step, beside, end))));
                for (Future<UnitResult> unit : running) {
                    UnitResult result = finished(unit);
                    if (result.part() == Part.DOCTOR && result.status() == UnitMain.NO_DEVICE) {
                        out.println("The device cannot be used: " + reason(result));
                        return UnitMain.NO_DEVICE;
                    }
                    keep(result);
                }
            } finally {
                threads.shutdownNow();
            }
        }
        processes.clean();
        if (!results.libraries().isEmpty()) {
            out.println("for libraries.tsv of wan-cuda, once the results are committed:\n"
                    + String.join("\n", results.libraries()));
        }
        out.println(results.summary());
        out.println("results in " + settings.results().resolve(results.fileName()));
        return results.failed() ? FAILED : 0;
    }

    /** Units that run beside one, as the processors allow. */
    private static int beside(int units) {
        int processes = Math.min(MOST_BESIDE, Runtime.getRuntime().availableProcessors() / 2);
        return Math.max(0, Math.min(units, processes) - 1);
    }

    private Duration left() {
        return settings.limit().minusNanos(System.nanoTime() - start);
    }

    private UnitResult one(Plan.Step step, int beside, long end) {
        String name = step.part().label() + " " + step.unit();
        Duration left = Duration.ofNanos(end - System.nanoTime());
        if (left.compareTo(LEAST) < 0) {
            return new UnitResult(step.part(), step.unit(), 0, 0, List.of(Row.skipped(name, "no time left")));
        }
        // where time is short no unit may take all that is left
        Duration most = settings.limited() ? left.dividedBy(2) : left;
        try {
            return processes.run(step.part(), step.unit(), most, beside);
        } catch (UncheckedIOException failure) {
            return new UnitResult(step.part(), step.unit(), 0, UnitMain.BROKEN, List.of(Row.failed(name, failure)));
        }
    }

    private static UnitResult finished(Future<UnitResult> unit) {
        try {
            return unit.get();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("the check was stopped", stop);
        } catch (ExecutionException failure) {
            throw new IllegalStateException("a unit could not be run", failure.getCause());
        }
    }

    private void keep(UnitResult result) {
        results.add(result);
        out.printf(
                "%s %s: %.1f s, %.0f s since the start%n",
                result.part().label(), result.unit(), result.seconds(), (System.nanoTime() - start) / 1e9);
        out.println(Results.lines(result, new Comparisons(List.of())));
        try {
            results.write();
        } catch (UncheckedIOException failure) {
            out.println("results could not be written: " + failure.getMessage());
        }
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
