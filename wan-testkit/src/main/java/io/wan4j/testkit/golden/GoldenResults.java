package io.wan4j.testkit.golden;

import io.wan4j.tensor.Format;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Collects the comparisons of one suite on one device. */
public final class GoldenResults {
    private final String suite;
    private final Format compute;
    private final List<GoldenResult> results = new ArrayList<>();
    private final List<String> uncovered = new ArrayList<>();

    /**
     * No comparisons yet.
     *
     * @param compute format of activations on the device
     */
    public GoldenResults(String suite, Format compute) {
        this.suite = suite;
        this.compute = compute;
    }

    /** Compares by the tolerance for the compute format. */
    public void compare(String caseName, String tensor, float[] actual, float[] expected, Tolerance tolerance) {
        Measure measure = tolerance.measure(compute);
        add(caseName, tensor, measure, measure.error(actual, expected), tolerance.bound(compute));
    }

    /** Compares with the same bound on every device. */
    public void compareExactly(
            String caseName, String tensor, float[] actual, float[] expected, Measure measure, double bound) {
        add(caseName, tensor, measure, measure.error(actual, expected), bound);
    }

    private void add(String caseName, String tensor, Measure measure, double error, double bound) {
        results.add(new GoldenResult(suite, caseName, tensor, error, bound, measure.label()));
    }

    /** Runs a case; if it stops, for example at a missing or damaged file, that is a failure of the case. */
    void attempt(String caseName, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException failure) {
            String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
            fail(caseName, message);
        }
    }

    /** A case that failed before anything could be compared. */
    void fail(String caseName, String message) {
        results.add(new GoldenResult(suite, caseName, message, Double.POSITIVE_INFINITY, 0, "stopped by"));
    }

    /** Something in the folder that the suite has no way to run. */
    void notCovered(String what) {
        uncovered.add(suite + "/" + what);
    }

    /** The files with this ending that are not among the known names are not covered. */
    void leftOver(Path folder, String ending, Set<String> known, String prefix) {
        for (String name : GoldenSuite.files(folder, ending)) {
            if (!known.contains(name)) {
                notCovered(prefix + name);
            }
        }
    }

    /** What is in the folder but could not be run, by name. */
    public List<String> uncovered() {
        return List.copyOf(uncovered);
    }

    /** All comparisons so far, in order. */
    public List<GoldenResult> list() {
        return List.copyOf(results);
    }
}
