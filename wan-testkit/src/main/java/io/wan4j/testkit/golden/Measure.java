package io.wan4j.testkit.golden;

/** How two arrays of numbers are compared. */
public enum Measure {
    /** {@code max|a-b| / max|b|}; the plain difference where b is all zeros. */
    MAX_REL("max-rel"),
    /** {@code max|a-b|}. */
    MAX_ABS("max-abs"),
    /** {@code norm2(a-b) / norm2(b)}; the plain norm where b is all zeros. */
    REL_L2("rel-L2"),
    /** Share of the elements that differ at all. */
    DIFFERING("differing");

    private final String label;

    Measure(String label) {
        this.label = label;
    }

    /** Short name for tables. */
    public String label() {
        return label;
    }

    /** Error of {@code actual} against {@code expected}; infinite if sizes differ or a value is not finite. */
    public double error(float[] actual, float[] expected) {
        if (actual.length != expected.length) {
            return Double.POSITIVE_INFINITY;
        }
        double maxDifference = 0;
        double maxExpected = 0;
        double squares = 0;
        double expectedSquares = 0;
        long differing = 0;
        for (int i = 0; i < actual.length; i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            if (!Double.isFinite(difference)) {
                return Double.POSITIVE_INFINITY;
            }
            maxDifference = Math.max(maxDifference, difference);
            maxExpected = Math.max(maxExpected, Math.abs(expected[i]));
            squares += difference * difference;
            expectedSquares += (double) expected[i] * expected[i];
            differing += difference == 0 ? 0 : 1;
        }
        return switch (this) {
            case MAX_REL -> maxExpected == 0 ? maxDifference : maxDifference / maxExpected;
            case MAX_ABS -> maxDifference;
            case REL_L2 -> expectedSquares == 0 ? Math.sqrt(squares) : Math.sqrt(squares / expectedSquares);
            case DIFFERING -> actual.length == 0 ? 0 : (double) differing / actual.length;
        };
    }
}
