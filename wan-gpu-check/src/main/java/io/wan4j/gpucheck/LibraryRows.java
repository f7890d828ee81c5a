package io.wan4j.gpucheck;

import io.wan4j.cuda.LibraryTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Lines for {@code libraries.tsv} of wan-cuda: for every operation and size the faster one of our kernel and the library,
 * by the geometric mean over all cases that both computed.
 */
final class LibraryRows {
    /** A library must be faster by this factor, so that noise does not choose it. */
    private static final double MARGIN = 1.03;

    private LibraryRows() {}

    /**
     * The lines.
     *
     * @param units all results
     * @param architecture compute capability of the device
     * @param file name of the results in {@code wan-bench/results}
     */
    static List<String> of(List<UnitResult> units, String architecture, String file) {
        Map<String, Double> own = new HashMap<>();
        for (Row row : rows(units, Part.KERNELS)) {
            if (!row.values().containsKey(Comparisons.LIKE)) {
                own.put(row.name(), rate(row));
            }
        }
        Map<String, List<Double>> ratios = new TreeMap<>();
        for (Part part : List.of(Part.CUBLASLT, Part.CUDNN)) {
            for (Row row : rows(units, part)) {
                double ours = own.getOrDefault(row.name(), 0.0);
                if (row.values().containsKey(LibraryCheck.OPERATION) && ours > 0) {
                    String key = row.values().get(LibraryCheck.OPERATION) + "\t"
                            + row.values().get(LibraryCheck.SIZE);
                    ratios.computeIfAbsent(key, any -> new ArrayList<>()).add(rate(row) / ours);
                }
            }
        }
        return ratios.entrySet().stream()
                .map(entry -> LibraryTable.row(
                        architecture, entry.getKey(), isFaster(entry.getValue()), "wan-bench/results/" + file))
                .toList();
    }

    private static boolean isFaster(List<Double> ratios) {
        double logarithms = ratios.stream().mapToDouble(Math::log).sum();
        return Math.exp(logarithms / ratios.size()) >= MARGIN;
    }

    private static List<Row> rows(List<UnitResult> units, Part part) {
        return units.stream()
                .filter(unit -> unit.part() == part)
                .flatMap(unit -> unit.rows().stream())
                .filter(row -> row.status() == Row.Status.OK && rate(row) > 0)
                .toList();
    }

    private static double rate(Row row) {
        return row.values().get("rate") instanceof Number rate ? rate.doubleValue() : 0;
    }
}
