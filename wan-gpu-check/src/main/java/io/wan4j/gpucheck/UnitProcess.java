package io.wan4j.gpucheck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs units, each in a process of its own: one that crashes or hangs takes nothing with it. Where it is known which case
 * of the unit did that, the unit is started again behind it.
 */
final class UnitProcess {
    /** Environment variable of a unit's process: the seconds that it has. */
    static final String SECONDS_VARIABLE = "WAN_UNIT_SECONDS";

    private static final int TIMED_OUT = -1;
    private static final int STALLED = -2;
    private static final int MOST_STARTS = 8;
    private static final int LAST_LINES = 12;
    private static final long POLL_MILLIS = 250;
    private static final int MEMORY_PERCENT = 50;

    private final Settings settings;
    private final Path logs;
    private final Path temporary;
    private final Set<Process> running = ConcurrentHashMap.newKeySet();

    /** Units of these settings; what they print goes to a file each in {@code logs}. */
    UnitProcess(Settings settings, Path logs) {
        this.settings = settings;
        this.logs = logs;
        this.temporary = logs.resolve("tmp");
    }

    /**
     * How long a unit may take.
     *
     * @param whole for all of it
     * @param one without a sign of life, once it has told of its first case
     */
    record Limits(Duration whole, Duration one) {
        static Limits of(Part part, Duration most) {
            Duration whole = part.limit().compareTo(most) < 0 ? part.limit() : most;
            return new Limits(whole, part.silence().compareTo(whole) < 0 ? part.silence() : whole);
        }
    }

    /** Runs a unit for at most {@code most}, beside {@code beside} others. */
    UnitResult run(Part part, String unit, Duration most, int beside) {
        return new Run(part, unit, List.of(UnitMain.class.getName()), MEMORY_PERCENT / (1 + beside))
                .all(Limits.of(part, most));
    }

    /** Runs a unit by this main class (and first arguments). */
    UnitResult run(Part part, String unit, List<String> main, Limits limits) {
        return new Run(part, unit, main, MEMORY_PERCENT).all(limits);
    }

    /** Deletes what units left behind that is no result. */
    void clean() {
        if (!Files.exists(temporary)) {
            return;
        }
        try (Stream<Path> all = Files.walk(temporary)) {
            for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(one);
            }
        } catch (IOException | UncheckedIOException left) {
            // a killed process may still be writing: what is left does no harm
        }
    }

    /** Ends all processes. */
    void endAll() {
        running.forEach(UnitProcess::end);
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** One unit. */
    private final class Run {
        private final Part part;
        private final String unit;
        private final List<String> main;
        private final int memoryPercent;
        private final String name;
        private final Path log;
        private final Path file;
        private int from;

        private Run(Part part, String unit, List<String> main, int memoryPercent) {
            this.part = part;
            this.unit = unit;
            this.main = main;
            this.memoryPercent = Math.max(1, memoryPercent);
            this.name = (part.label() + "-" + unit).replace(':', '-');
            this.log = logs.resolve(name + ".log");
            this.file = logs.resolve(name + ".rows");
        }

        private UnitResult all(Limits limits) {
            long start = System.nanoTime();
            try {
                Files.createDirectories(temporary);
                Files.deleteIfExists(file);
                Files.deleteIfExists(log);
                int status = 0;
                boolean more = true;
                for (int starts = 1; more && starts <= MOST_STARTS; starts++) {
                    Duration left = limits.whole().minusNanos(System.nanoTime() - start);
                    status = left.isNegative() ? TIMED_OUT : once(new Limits(left, limits.one()));
                    more = goesOn(status, limits);
                }
                List<Row> rows = new ArrayList<>(RowFile.read(file));
                if (status == TIMED_OUT) {
                    rows.add(Row.failed(name, why(status, limits)));
                } else if (more) {
                    rows.add(Row.failed(
                            name, "not started once more after " + MOST_STARTS + " times; cases are missing"));
                } else if (status != 0 && rows.stream().noneMatch(row -> row.status() == Row.Status.FAILED)) {
                    rows.add(Row.failed(name, why(status, limits)));
                }
                Files.deleteIfExists(file);
                return new UnitResult(part, unit, (System.nanoTime() - start) / 1e9, status, rows);
            } catch (IOException failure) {
                throw new UncheckedIOException(name + ": cannot run its process", failure);
            }
        }

        /** Names the case that ended the process, if one did, and steps behind it. */
        private boolean goesOn(int status, Limits limits) throws IOException {
            Optional<RowFile.Begun> begun = RowFile.begun(file).filter(last -> last.index() >= from);
            boolean byItself = status == 0 || status == UnitMain.BROKEN || status == UnitMain.NO_DEVICE;
            if (byItself || status == TIMED_OUT || begun.isEmpty()) {
                return false;
            }
            String culprit = begun.get().name();
            // the process may have been stopped within a line
            Files.writeString(file, "\n", StandardOpenOption.APPEND);
            if (RowFile.read(file).stream().noneMatch(row -> row.name().equals(culprit))) {
                RowFile.append(file, Row.failed(culprit, why(status, limits)));
            }
            from = begun.get().index() + 1;
            return true;
        }

        private String why(int status, Limits limits) throws IOException {
            return switch (status) {
                case TIMED_OUT -> "ended after " + limits.whole().toSeconds() + " s";
                case STALLED -> "ended after " + limits.one().toSeconds() + " s without a result";
                default -> "the process ended with status " + status + ": " + tail(log);
            };
        }

        private int once(Limits limits) throws IOException {
            ProcessBuilder builder = new ProcessBuilder(command())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            Map<String, String> environment = builder.environment();
            environment.put("CUDA_CACHE_PATH", temporary.resolve("kernels").toString());
            environment.put(SECONDS_VARIABLE, Long.toString(limits.whole().toSeconds()));
            Process process = builder.start();
            running.add(process);
            try {
                return wait(process, limits);
            } finally {
                end(process);
                running.remove(process);
            }
        }

        private List<String> command() {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:MaxRAMPercentage=" + memoryPercent,
                    "-XX:-CreateCoredumpOnCrash",
                    "-XX:-UsePerfData",
                    "-XX:ErrorFile=" + logs.resolve("crash-%p.log"),
                    "-Djava.awt.headless=true",
                    "-Djava.io.tmpdir=" + temporary,
                    "-Djna.tmpdir=" + temporary,
                    "-cp",
                    System.getProperty("java.class.path")));
            long failed = RowFile.read(file).stream()
                    .filter(row -> row.status() == Row.Status.FAILED)
                    .count();
            command.addAll(main);
            command.addAll(List.of(
                    part.label(),
                    unit,
                    settings.size().label(),
                    settings.device(),
                    settings.home().toString(),
                    Integer.toString(from),
                    Long.toString(failed),
                    file.toString()));
            return command;
        }

        private int wait(Process process, Limits limits) throws IOException {
            long start = System.nanoTime();
            long sign = start;
            long size = 0;
            try {
                while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                    long now = System.nanoTime();
                    long grown = Files.exists(file) ? Files.size(file) : 0;
                    sign = grown == size ? sign : now;
                    size = grown;
                    if (now - start > limits.whole().toNanos()) {
                        return TIMED_OUT;
                    }
                    if (now - sign > limits.one().toNanos()
                            && RowFile.begun(file).isPresent()) {
                        return STALLED;
                    }
                }
                return process.exitValue();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                return TIMED_OUT;
            }
        }
    }

    private static String tail(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
    }
}
