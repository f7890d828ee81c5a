package io.wan4j.gpucheck;

import java.util.List;

/**
 * How a unit went.
 *
 * @param part its part
 * @param unit its name
 * @param seconds wall time
 * @param status exit status of its process; below 0 if it was ended at its time limit
 * @param rows what it found
 */
record UnitResult(Part part, String unit, double seconds, int status, List<Row> rows) {
    UnitResult {
        rows = List.copyOf(rows);
    }

    boolean failed() {
        return status != 0 || rows.stream().anyMatch(row -> row.status() == Row.Status.FAILED);
    }
}
