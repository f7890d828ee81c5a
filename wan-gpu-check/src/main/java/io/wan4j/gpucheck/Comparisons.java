package io.wan4j.gpucheck;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Adds to measured rows what share of the device's ceiling they reach, and how they stand against peers. */
final class Comparisons {
    /** Key of the name under which peers did the same work, where it is not the row's own. */
    static final String LIKE = "like";

    private final Map<String, Double> ceilings = new HashMap<>();
    private final Map<String, List<Row>> peers = new HashMap<>();

    /** Takes ceilings and peers from all results. */
    Comparisons(List<UnitResult> results) {
        for (UnitResult result : results) {
            for (Row row : result.rows()) {
                if (!(row.values().get("rate") instanceof Number rate) || row.status() != Row.Status.OK) {
                    continue;
                }
                if (result.part() == Part.CEILING) {
                    ceilings.merge(kind(row), rate.doubleValue(), Math::max);
                }
                if (row.values().containsKey("peer")) {
                    peers.computeIfAbsent(row.name(), name -> new ArrayList<>()).add(row);
                }
            }
        }
    }

    private static String kind(Row row) {
        return String.valueOf(row.values().get("kind"));
    }

    /** The row with its share of the ceiling and, if it is our own, its ratios to peers. */
    Row compare(UnitResult result, Row row) {
        if (!(row.values().get("rate") instanceof Number rate) || result.part() == Part.CEILING) {
            return row;
        }
        Row compared = row;
        Double ceiling = ceilings.get(kind(row));
        if (ceiling != null && ceiling > 0) {
            compared = compared.with("ofCeiling", Timing.round(rate.doubleValue() / ceiling));
        }
        if (result.part() == Part.KERNELS) {
            for (Row peer :
                    peers.getOrDefault(String.valueOf(row.values().getOrDefault(LIKE, row.name())), List.of())) {
                double theirs = ((Number) peer.values().getOrDefault("rate", 0)).doubleValue();
                if (theirs > 0) {
                    compared =
                            compared.with("x " + peer.values().get("peer"), Timing.round(rate.doubleValue() / theirs));
                }
            }
        }
        return compared;
    }
}
