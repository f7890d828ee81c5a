package io.wan4j.testkit;

/**
 * What an oracle says: values in double precision, and by how much a right computation may miss each of them before it
 * is stored.
 *
 * @param values row-major
 * @param slack one per value, at least 0
 */
record Expected(double[] values, double[] slack) {
    Expected {
        if (values.length != slack.length) {
            throw new IllegalArgumentException(
                    "expected as many slacks as values, got " + slack.length + " for " + values.length);
        }
    }

    /** Values that are exact but for the format that they are stored in. */
    static Expected exact(double[] values) {
        return new Expected(values, new double[values.length]);
    }
}
