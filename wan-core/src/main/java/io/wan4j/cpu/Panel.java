package io.wan4j.cpu;

/** The inner loop of all products: a vector times a panel of rows, written so that the compiler vectorises it. */
final class Panel {
    private Panel() {}

    /**
     * {@code acc[to + j] += sum over k < count of x[from + k] * panel[start + k * width + j]}, for {@code j < width}. Sums
     * run in groups of 8 terms, so results depend on nothing but these arguments.
     */
    static void accumulate(float[] x, int from, int count, float[] panel, int start, int width, float[] acc, int to) {
        int k = 0;
        for (; k <= count - 8; k += 8) {
            eight(x, from + k, panel, start + k * width, width, acc, to);
        }
        for (; k < count; k++) {
            one(x[from + k], panel, start + k * width, width, acc, to);
        }
    }

    private static void eight(float[] x, int from, float[] panel, int start, int width, float[] acc, int to) {
        float x0 = x[from];
        float x1 = x[from + 1];
        float x2 = x[from + 2];
        float x3 = x[from + 3];
        float x4 = x[from + 4];
        float x5 = x[from + 5];
        float x6 = x[from + 6];
        float x7 = x[from + 7];
        int p1 = start + width;
        int p2 = p1 + width;
        int p3 = p2 + width;
        int p4 = p3 + width;
        int p5 = p4 + width;
        int p6 = p5 + width;
        int p7 = p6 + width;
        for (int j = 0; j < width; j++) {
            acc[to + j] += ((x0 * panel[start + j] + x1 * panel[p1 + j]) + (x2 * panel[p2 + j] + x3 * panel[p3 + j]))
                    + ((x4 * panel[p4 + j] + x5 * panel[p5 + j]) + (x6 * panel[p6 + j] + x7 * panel[p7 + j]));
        }
    }

    private static void one(float factor, float[] panel, int start, int width, float[] acc, int to) {
        for (int j = 0; j < width; j++) {
            acc[to + j] += factor * panel[start + j];
        }
    }
}
