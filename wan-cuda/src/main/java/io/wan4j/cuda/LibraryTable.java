package io.wan4j.cuda;

import io.wan4j.cuda.driver.ComputeCapability;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Where measurements show a library of the user's system faster than our kernel. */
final class LibraryTable {
    private static final String RESOURCE = "/io/wan4j/cuda/libraries.tsv";
    private static final String HEAD = "architecture\toperation\tsize\tchoice\tresult";

    private final Map<Key, Boolean> choices;

    private LibraryTable(Map<Key, Boolean> choices) {
        this.choices = Map.copyOf(choices);
    }

    /** An operation that a library offers. */
    enum Operation {
        LINEAR_BF16,
        LINEAR_I8,
        LINEAR_F8_E4M3,
        ATTENTION_BF16
    }

    /** How much work a call is. */
    enum Size {
        SMALL,
        MEDIUM,
        LARGE;

        static Size of(double operations) {
            return operations < 1e9 ? SMALL : operations < 1e11 ? MEDIUM : LARGE;
        }
    }

    private record Key(String architecture, Operation operation, Size size) {}

    /** The table of this jar. */
    static LibraryTable committed() {
        try (InputStream in = LibraryTable.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + ": expected it in the wan-cuda jar");
            }
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /**
     * Reads lines of {@code architecture operation size choice result}, separated by tabs, after the head; lines with
     * {@code #} are remarks.
     *
     * @throws IllegalArgumentException with the line that is wrong
     */
    static LibraryTable parse(String text) {
        List<String> lines = text.lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
        if (lines.isEmpty() || !lines.get(0).equals(HEAD)) {
            throw new IllegalArgumentException("libraries.tsv: expected the head '" + HEAD + "', got "
                    + (lines.isEmpty() ? "nothing" : "'" + lines.get(0) + "'"));
        }
        Map<Key, Boolean> choices = new HashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split("\t", -1);
            if (fields.length != 5
                    || !fields[0].matches("\\d+\\.\\d")
                    || !fields[3].matches("own|library")
                    || fields[4].isBlank()) {
                throw new IllegalArgumentException("libraries.tsv: expected 8.9, operation, size, own or library, and"
                        + " the file of the result, got '" + line + "'");
            }
            Key key = new Key(
                    fields[0],
                    Operation.valueOf(fields[1].toUpperCase(Locale.ROOT)),
                    Size.valueOf(fields[2].toUpperCase(Locale.ROOT)));
            choices.put(key, fields[3].equals("library"));
        }
        return new LibraryTable(choices);
    }

    /** Whether a library was faster for so many operations. */
    boolean prefersLibrary(ComputeCapability capability, Operation operation, double operations) {
        return choices.getOrDefault(new Key(capability.toString(), operation, Size.of(operations)), false);
    }

    /** Whether a library was faster for anything on this architecture. */
    boolean prefersLibrary(ComputeCapability capability) {
        return choices.entrySet().stream()
                .anyMatch(entry ->
                        entry.getValue() && entry.getKey().architecture().equals(capability.toString()));
    }
}
