package io.wan4j.cuda;

import io.wan4j.cuda.driver.ComputeCapability;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where measurements show a library of the user's system faster than our kernel. To extend it, run the GPU check on the
 * architecture, commit its results to {@code wan-bench/results}, and copy the lines that it prints for
 * {@code libraries.tsv}.
 */
public final class LibraryTable {
    private static final String RESOURCE = "/io/wan4j/cuda/libraries.tsv";
    private static final String HEAD = "architecture\toperation\tsize\tchoice\tresult";

    private final Map<Key, Boolean> choices;

    private LibraryTable(Map<Key, Boolean> choices) {
        this.choices = Map.copyOf(choices);
    }

    /** A library of NVIDIA's. */
    enum Library {
        CUBLASLT,
        CUDNN
    }

    /** An operation that a library offers. */
    public enum Operation {
        /** Products in BF16. */
        LINEAR_BF16(Library.CUBLASLT),
        /** Products of I8 codes. */
        LINEAR_I8(Library.CUBLASLT),
        /** Products of E4M3 codes. */
        LINEAR_F8_E4M3(Library.CUBLASLT),
        /** Attention over one context. */
        ATTENTION_BF16(Library.CUDNN),
        /** Convolutions in BF16. */
        CONVOLUTION_BF16(Library.CUDNN);

        private final Library by;

        Operation(Library by) {
            this.by = by;
        }

        /** What this library offers, in order. */
        static Set<Operation> by(Library library) {
            return Arrays.stream(values())
                    .filter(operation -> operation.by == library)
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Operation.class)));
        }

        /** The name in the table. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How much work a call is. */
    public enum Size {
        /** Below 1e9 operations. */
        SMALL,
        /** Below 1e11. */
        MEDIUM,
        /** More. */
        LARGE;

        /** The size of a call with so many operations. */
        public static Size of(double operations) {
            return operations < 1e9 ? SMALL : operations < 1e11 ? MEDIUM : LARGE;
        }

        /** The name in the table. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private record Key(String architecture, Operation operation, Size size) {}

    /**
     * A line of the table.
     *
     * @param architecture compute capability, such as 8.9
     * @param operationAndSize both labels, separated by a tab
     * @param library whether the library is faster
     * @param result file with the measurement
     */
    public static String row(String architecture, String operationAndSize, boolean library, String result) {
        return String.join("\t", architecture, operationAndSize, library ? "library" : "own", result);
    }

    /** The table of this jar. */
    static LibraryTable committed() {
        return parse(committedText());
    }

    /** Its text. */
    static String committedText() {
        try (InputStream in = LibraryTable.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(RESOURCE + ": expected it in the wan-cuda jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
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

    /** What this library does faster on this architecture, for calls of some size. */
    Set<Operation> preferred(ComputeCapability capability, Library library) {
        return Operation.by(library).stream()
                .filter(operation -> Arrays.stream(Size.values())
                        .anyMatch(size -> choices.getOrDefault(new Key(capability.toString(), operation, size), false)))
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Operation.class)));
    }
}
