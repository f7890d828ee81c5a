package io.wan4j.testkit.golden;

import io.wan4j.tensor.Format;
import java.util.ArrayList;
import java.util.List;

/** Collects the comparisons of one suite on one device. */
public final class GoldenResults {
    private final String suite;
    private final Format compute;
    private final List<GoldenResult> results = new ArrayList<>();

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

    /** All comparisons so far, in order. */
    public List<GoldenResult> list() {
        return List.copyOf(results);
    }
}
