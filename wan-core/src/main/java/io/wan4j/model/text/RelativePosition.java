package io.wan4j.model.text;

/**
 * The buckets of T5's relative positions, for both directions: half of them for keys to the right; of each half the
 * first half is exact, the rest logarithmic up to distance 128, in FP32 as the reference computes it.
 */
public final class RelativePosition {
    private static final int MAX_DISTANCE = 128;

    private RelativePosition() {}

    /** Bucket of {@code key - query}, from 0 to {@code buckets - 1}. */
    public static int bucket(int relative, int buckets) {
        int half = buckets / 2;
        int exact = half / 2;
        int base = relative > 0 ? half : 0;
        int distance = Math.abs(relative);
        if (distance < exact) {
            return base + distance;
        }
        float position = (float) Math.log((float) distance / exact)
                / (float) Math.log((double) MAX_DISTANCE / exact)
                * (half - exact);
        return base + Math.min(half - 1, exact + (int) position);
    }

    /**
     * Bias of every distance from {@code 1 - length} to {@code length - 1}.
     *
     * @param table [buckets, heads], row-major
     * @return [2 * length - 1, heads], row-major
     */
    public static float[] biases(float[] table, int buckets, int heads, int length) {
        float[] biases = new float[(2 * length - 1) * heads];
        for (int relative = 1 - length; relative < length; relative++) {
            System.arraycopy(table, bucket(relative, buckets) * heads, biases, (relative + length - 1) * heads, heads);
        }
        return biases;
    }
}
