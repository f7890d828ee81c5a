package io.wan4j.cpu;

/**
 * The inner loop of all products: a vector times a panel of rows. C2 turns it into vector instructions only in this form:
 * one store a loop, every array read from its beginning, and no more than four of them.
 */
final class Panel {
    private Panel() {}

    /**
     * {@code acc[j] += sum over k < count of x[from + k] * panel[first + k][j]}, for {@code j < width}. Sums run in groups
     * of 4 terms, so results depend on nothing but these arguments.
     */
    static void accumulate(float[] x, int from, int count, float[][] panel, int first, int width, float[] acc) {
        int k = 0;
        for (; k <= count - 4; k += 4) {
            four(x, from + k, panel, first + k, width, acc);
        }
        for (; k < count; k++) {
            one(x[from + k], panel[first + k], width, acc);
        }
    }

    private static void four(float[] x, int from, float[][] panel, int first, int width, float[] acc) {
        float x0 = x[from];
        float x1 = x[from + 1];
        float x2 = x[from + 2];
        float x3 = x[from + 3];
        float[] p0 = panel[first];
        float[] p1 = panel[first + 1];
        float[] p2 = panel[first + 2];
        float[] p3 = panel[first + 3];
        for (int j = 0; j < width; j++) {
            acc[j] += (x0 * p0[j] + x1 * p1[j]) + (x2 * p2[j] + x3 * p3[j]);
        }
    }

    private static void one(float factor, float[] row, int width, float[] acc) {
        for (int j = 0; j < width; j++) {
            acc[j] += factor * row[j];
        }
    }
}
