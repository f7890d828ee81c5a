package io.wan4j.checkpoint.layout;

import java.util.ArrayList;
import java.util.List;

/**
 * A renaming in both directions, given as pairs of dotted prefixes in which {@code *} stands for a block number. The
 * longest prefix that matches decides; what follows it (such as {@code .weight}) is kept.
 */
final class NameTable {
    private final List<Entry> entries;

    private NameTable(List<Entry> entries) {
        this.entries = entries;
    }

    private record Entry(String[] canonical, String[] stored) {}

    /** A table from lines {@code canonical = stored}. */
    static NameTable of(String lines) {
        List<Entry> entries = new ArrayList<>();
        for (String line : lines.lines().toList()) {
            if (!line.isBlank()) {
                String[] sides = line.split("=", 2);
                entries.add(new Entry(
                        sides[0].strip().split("\\."), sides[1].strip().split("\\.")));
            }
        }
        return new NameTable(List.copyOf(entries));
    }

    /** The canonical name of a stored one; the same if the table does not know it. */
    String canonical(String stored) {
        return rename(stored, true);
    }

    /** The stored name of a canonical one; the same if the table does not know it. */
    String stored(String canonical) {
        return rename(canonical, false);
    }

    private String rename(String name, boolean toCanonical) {
        String[] segments = name.split("\\.");
        String[] from = {};
        String[] to = {};
        for (Entry entry : entries) {
            String[] prefix = toCanonical ? entry.stored : entry.canonical;
            if (prefix.length > from.length && matches(prefix, segments)) {
                from = prefix;
                to = toCanonical ? entry.canonical : entry.stored;
            }
        }
        return from.length == 0 ? name : replace(segments, from, to);
    }

    private static boolean matches(String[] prefix, String[] segments) {
        if (prefix.length > segments.length) {
            return false;
        }
        for (int i = 0; i < prefix.length; i++) {
            boolean same = prefix[i].equals("*") ? isNumber(segments[i]) : prefix[i].equals(segments[i]);
            if (!same) {
                return false;
            }
        }
        return true;
    }

    private static String replace(String[] segments, String[] from, String[] to) {
        List<String> numbers = new ArrayList<>();
        for (int i = 0; i < from.length; i++) {
            if (from[i].equals("*")) {
                numbers.add(segments[i]);
            }
        }
        List<String> renamed = new ArrayList<>();
        int number = 0;
        for (String segment : to) {
            renamed.add(segment.equals("*") ? numbers.get(number++) : segment);
        }
        renamed.addAll(List.of(segments).subList(from.length, segments.length));
        return String.join(".", renamed);
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
