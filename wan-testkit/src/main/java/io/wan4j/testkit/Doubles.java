package io.wan4j.testkit;

/** Float arrays in double precision. */
final class Doubles {
    private Doubles() {}

    static double[] of(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }
}
