package io.wan4j.gpucheck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs units, each in a process of its own: one that crashes or hangs takes nothing with it. */
final class UnitProcess {
    private static final int TIMED_OUT = -1;
    private static final int LAST_LINES = 12;

    private final Settings settings;
    private final Path logs;

    /** Units of these settings; what they print goes to a file each in {@code logs}. */
    UnitProcess(Settings settings, Path logs) {
        this.settings = settings;
        this.logs = logs;
    }

    UnitResult run(Part part, String unit) {
        return run(part, unit, List.of(UnitMain.class.getName()), part.limit());
    }

    /** Runs a unit by this main class (and first arguments), for at most {@code limit}. */
    UnitResult run(Part part, String unit, List<String> main, Duration limit) {
        String name = (part.label() + "-" + unit).replace(':', '-');
        Path log = logs.resolve(name + ".log");
        Path file = logs.resolve(name + ".rows");
        long start = System.nanoTime();
        try {
            Files.createDirectories(logs);
            Files.deleteIfExists(file);
            Process process = new ProcessBuilder(command(part, unit, main, file))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            int status = wait(process, limit);
            List<Row> rows = new ArrayList<>(RowFile.read(file));
            if (status == TIMED_OUT) {
                rows.add(Row.failed(name, "ended after " + limit.toSeconds() + " s"));
            } else if (status != 0 && rows.stream().noneMatch(row -> row.status() == Row.Status.FAILED)) {
                rows.add(Row.failed(name, "the process ended with status " + status + ": " + tail(log)));
            }
            Files.deleteIfExists(file);
            return new UnitResult(part, unit, (System.nanoTime() - start) / 1e9, status, rows);
        } catch (IOException failure) {
            throw new UncheckedIOException(name + ": cannot run its process", failure);
        }
    }

    private List<String> command(Part part, String unit, List<String> main, Path file) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:MaxRAMPercentage=50",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + logs.resolve("crash-%p.log"),
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(main);
        command.addAll(List.of(
                part.label(),
                unit,
                settings.size().label(),
                settings.device(),
                settings.home().toString(),
                file.toString()));
        return command;
    }

    private static int wait(Process process, Duration limit) {
        try {
            if (process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
            return TIMED_OUT;
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            return TIMED_OUT;
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static String tail(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
    }
}
