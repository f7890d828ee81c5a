package io.wan4j.gpucheck;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of the results.
 *
 * @param name what was done; rows of different parts with the same name are about the same work
 * @param status how it went
 * @param values measured values, in order: numbers, booleans and strings
 */
record Row(String name, Status status, Map<String, Object> values) {
    /** How a row went. */
    enum Status {
        /** As it should be, or simply measured. */
        OK,
        /** Wrong, or broken off. */
        FAILED,
        /** Not done, for a reason that is no failure. */
        SKIPPED
    }

    Row {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    static Row ok(String name) {
        return new Row(name, Status.OK, Map.of());
    }

    static Row failed(String name, String why) {
        return new Row(name, Status.FAILED, Map.of("why", why));
    }

    static Row skipped(String name, String why) {
        return new Row(name, Status.SKIPPED, Map.of("why", why));
    }

    /** A failure with what was thrown. */
    static Row failed(String name, Throwable failure) {
        String message = failure.getMessage();
        return failed(name, failure.getClass().getSimpleName() + (message == null ? "" : ": " + message));
    }

    /** This row with one more value. */
    Row with(String key, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(values);
        more.put(key, value);
        return new Row(name, status, more);
    }

    /** This row, failed unless {@code passed}. */
    Row passedIf(boolean passed) {
        return new Row(name, passed ? status : Status.FAILED, values);
    }
}
