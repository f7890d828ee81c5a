package io.wan4j.gpucheck;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** All results so far, and the file that holds them; written anew after every unit. */
final class Results {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private static final int MOST_LINES = 40;
    private static final int MOST_LETTERS = 200;

    private final Settings settings;
    private final String commit;
    private final ZonedDateTime date;
    private final List<UnitResult> units = new ArrayList<>();

    Results(Settings settings, String commit, ZonedDateTime date) {
        this.settings = settings;
        this.commit = commit;
        this.date = date.withZoneSameInstant(ZoneOffset.UTC);
    }

    void add(UnitResult result) {
        units.add(result);
    }

    boolean failed() {
        return units.stream().anyMatch(UnitResult::failed);
    }

    /** A value of the row that describes the device. */
    private String device(String key) {
        return units.stream()
                .filter(unit -> unit.part() == Part.DOCTOR)
                .flatMap(unit -> unit.rows().stream())
                .filter(row -> row.values().containsKey(key))
                .map(row -> String.valueOf(row.values().get(key)))
                .findFirst()
                .orElse("");
    }

    /** {@code DEVICE-DATE.json}. */
    String fileName() {
        String name = device("gpu").isEmpty() ? device("name") : device("gpu");
        String slug = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
        return (slug.isEmpty() ? "unknown" : slug) + "-"
                + date.format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT)) + ".json";
    }

    /** Writes the file by way of another, so that there is always a whole one. */
    Path write() {
        Comparisons comparisons = new Comparisons(units);
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("device", device("description"));
        all.put("gpu", device("gpu"));
        all.put("driverCuda", device("driverCuda"));
        all.put("date", date.format(DateTimeFormatter.ISO_INSTANT));
        all.put("commit", commit);
        all.put("size", settings.size().label());
        all.put("failed", failed());
        all.put("libraries", libraries());
        all.put("aims", new Aims(units).all().stream().map(Results::json).toList());
        all.put("units", units.stream().map(unit -> json(unit, comparisons)).toList());
        Path file = settings.results().resolve(fileName());
        Path fresh = settings.results().resolve(fileName() + ".part");
        try {
            Files.createDirectories(settings.results());
            JSON.writeValue(fresh.toFile(), all);
            Files.move(fresh, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            return file;
        } catch (IOException failure) {
            throw new UncheckedIOException(file + ": cannot write results", failure);
        }
    }

    /** Lines for {@code libraries.tsv} of wan-cuda that follow from this run. */
    List<String> libraries() {
        return LibraryRows.of(units, device("capability"), fileName());
    }

    private static Map<String, Object> json(UnitResult unit, Comparisons comparisons) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("part", unit.part().label());
        json.put("unit", unit.unit());
        json.put("seconds", Timing.round(unit.seconds()));
        json.put("failed", unit.failed());
        json.put(
                "rows",
                unit.rows().stream()
                        .map(row -> json(comparisons.compare(unit, row)))
                        .toList());
        return json;
    }

    private static Map<String, Object> json(Aims.Aim aim) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("aim", aim.what());
        json.put(aim.upper() ? "atMost" : "atLeast", aim.aim());
        aim.measured().ifPresent(value -> {
            json.put("measured", value);
            json.put("reached", aim.reached());
            json.put("by", aim.by());
        });
        return json;
    }

    private static Map<String, Object> json(Row row) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", row.name());
        json.put("status", row.status().name().toLowerCase(Locale.ROOT));
        json.putAll(row.values());
        return json;
    }

    /** The lines of one unit. */
    static String lines(UnitResult unit, Comparisons comparisons) {
        return unit.rows().stream()
                .map(row -> line(comparisons.compare(unit, row)))
                .collect(Collectors.joining("\n"));
    }

    private static String line(Row row) {
        String values = row.values().entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
        String word = row.status() == Row.Status.FAILED
                ? "FAILED"
                : row.status().name().toLowerCase(Locale.ROOT);
        return String.format(Locale.ROOT, "  %-7s %-62s %s", word, row.name(), values);
    }

    /** What to read last: kernels, what failed, what was left out, and how the aims stand. */
    String summary() {
        List<String> lines = new ArrayList<>();
        String table = table();
        if (!table.isEmpty()) {
            lines.add("kernels, with shares of the measured ceiling and ratios to peers (above 1: faster):\n" + table);
        }
        add(lines, "failed:", Row.Status.FAILED);
        add(lines, "left out:", Row.Status.SKIPPED);
        lines.add("aims on an H200:\n"
                + new Aims(units).all().stream().map(Aims.Aim::toString).collect(Collectors.joining("\n")));
        lines.add(failed() ? "something FAILED, see above" : "all passed");
        return String.join("\n", lines);
    }

    private void add(List<String> lines, String title, Row.Status status) {
        List<String> rows = units.stream()
                .flatMap(unit -> unit.rows().stream()
                        .filter(row -> row.status() == status)
                        .map(row -> "  " + unit.part().label() + " " + unit.unit() + ": " + row.name() + ": "
                                + shortened(String.valueOf(row.values().getOrDefault("why", row.values())))))
                .toList();
        if (!rows.isEmpty()) {
            lines.add(title);
            lines.addAll(rows.subList(0, Math.min(rows.size(), MOST_LINES)));
            if (rows.size() > MOST_LINES) {
                lines.add("  and " + (rows.size() - MOST_LINES) + " more");
            }
        }
    }

    private static String shortened(String text) {
        return text.length() <= MOST_LETTERS ? text : text.substring(0, MOST_LETTERS) + "...";
    }

    /** All measured kernels, with their share of the ceiling and their peers. */
    String table() {
        Comparisons comparisons = new Comparisons(units);
        return units.stream()
                .filter(unit -> unit.part() == Part.KERNELS)
                .map(unit -> lines(unit, comparisons))
                .filter(lines -> !lines.isEmpty())
                .collect(Collectors.joining("\n"));
    }
}
