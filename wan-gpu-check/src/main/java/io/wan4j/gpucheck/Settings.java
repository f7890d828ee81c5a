package io.wan4j.gpucheck;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What the user asked for.
 *
 * @param size how large
 * @param parts which parts, in order
 * @param device name of the device's provider
 * @param home folder of the bundle, with golden vectors and scripts
 * @param results folder for results
 * @param limit most time for everything; {@link #UNLIMITED} if it does not matter
 */
record Settings(Workload.Size size, List<Part> parts, String device, Path home, Path results, Duration limit) {
    static final Duration UNLIMITED = Duration.ofDays(7);

    static final String USAGE = "usage: run.sh [--quick] [--minutes N] [--only PART[,PART...]] [--results FOLDER]\n"
            + "parts: " + Part.labels() + "\n"
            + "To try the check without a GPU: run.sh --tiny --device reference";

    private static final int MOST_MINUTES = 10_000;

    Settings {
        parts = List.copyOf(parts);
    }

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    static Settings parse(String[] arguments, Path home) {
        Optional<Workload.Size> size = Optional.empty();
        Duration limit = UNLIMITED;
        List<Part> parts = new ArrayList<>(Arrays.asList(Part.values()));
        String device = "cuda";
        Path results = home.resolve("results");
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--quick" -> size = Optional.of(Workload.Size.QUICK);
                case "--tiny" -> size = Optional.of(Workload.Size.TINY);
                case "--minutes" -> limit = minutes(value(arguments, ++i));
                case "--only" -> parts = only(value(arguments, ++i));
                case "--device" -> device = value(arguments, ++i);
                case "--results" -> results = Path.of(value(arguments, ++i));
                default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
            }
        }
        Workload.Size usual = limit.equals(UNLIMITED) ? Workload.Size.FULL : Workload.Size.TIMED;
        return new Settings(size.orElse(usual), parts, device, home, results, limit);
    }

    /** Whether the time is short. */
    boolean limited() {
        return !limit.equals(UNLIMITED);
    }

    private static Duration minutes(String text) {
        try {
            double minutes = Double.parseDouble(text);
            if (minutes > 0 && minutes <= MOST_MINUTES) {
                return Duration.ofMillis(Math.round(minutes * 60_000));
            }
        } catch (NumberFormatException wrong) {
            // said below
        }
        throw new IllegalArgumentException(
                "--minutes: expected a number above 0 and at most " + MOST_MINUTES + ", got " + text);
    }

    private static String value(String[] arguments, int index) {
        if (index >= arguments.length) {
            throw new IllegalArgumentException(arguments[index - 1] + ": expected a value");
        }
        return arguments[index];
    }

    /** The device is always looked at first: without it nothing can be said. */
    private static List<Part> only(String labels) {
        List<Part> wanted =
                Arrays.stream(labels.split(",")).map(Part::of).distinct().toList();
        return Arrays.stream(Part.values())
                .filter(part -> part == Part.DOCTOR || wanted.contains(part))
                .toList();
    }
}
