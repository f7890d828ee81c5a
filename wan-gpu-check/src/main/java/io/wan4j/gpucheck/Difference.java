package io.wan4j.gpucheck;

/** How far results are from others. */
final class Difference {
    private Difference() {}

    /** The L2 norm of the difference over that of what was expected; NaN or infinite where that cannot be told. */
    static double relativeL2(float[] expected, float[] actual) {
        if (expected.length != actual.length) {
            throw new IllegalArgumentException("expected " + expected.length + " values, got " + actual.length);
        }
        double squares = 0;
        double expectedSquares = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = (double) actual[i] - expected[i];
            squares += difference * difference;
            expectedSquares += (double) expected[i] * expected[i];
        }
        return Math.sqrt(squares / expectedSquares);
    }
}
