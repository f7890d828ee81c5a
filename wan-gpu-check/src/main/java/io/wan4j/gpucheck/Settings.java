package io.wan4j.gpucheck;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the user asked for.
 *
 * @param size how large
 * @param parts which parts, in order
 * @param device name of the device's provider
 * @param home folder of the bundle, with golden vectors and scripts
 * @param results folder for results
 */
record Settings(Workload.Size size, List<Part> parts, String device, Path home, Path results) {
    static final String USAGE = "usage: run.sh [--quick] [--only PART[,PART...]] [--results FOLDER]\n"
            + "parts: " + Part.labels() + "\n"
            + "To try the check without a GPU: run.sh --tiny --device reference";

    Settings {
        parts = List.copyOf(parts);
    }

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    static Settings parse(String[] arguments, Path home) {
        Workload.Size size = Workload.Size.FULL;
        List<Part> parts = new ArrayList<>(Arrays.asList(Part.values()));
        String device = "cuda";
        Path results = home.resolve("results");
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--quick" -> size = Workload.Size.QUICK;
                case "--tiny" -> size = Workload.Size.TINY;
                case "--only" -> parts = only(value(arguments, ++i));
                case "--device" -> device = value(arguments, ++i);
                case "--results" -> results = Path.of(value(arguments, ++i));
                default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
            }
        }
        return new Settings(size, parts, device, home, results);
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
