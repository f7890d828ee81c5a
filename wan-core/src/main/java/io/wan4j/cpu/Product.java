package io.wan4j.cpu;

import java.util.Arrays;

/**
 * {@code y = x W^T} by blocks. Blocks of {@link #DEPTH} terms are summed in floats, their sums in doubles: products of
 * 8-bit integer codes are exact, since a block of them stays below 2^24.
 */
final class Product {
    private static final int WIDTH = 128;
    private static final int DEPTH = 256;
    private static final int TALL = 256;

    private final Workers workers;

    Product(Workers workers) {
        this.workers = workers;
    }

    /**
     * The product of {@code rows} rows of x [rows, w.in()] with the rows of w, without their scales, into y
     * [rows, w.out()].
     */
    void multiply(float[] x, int rows, WeightRows w, float[] y) {
        int across = (w.out() + WIDTH - 1) / WIDTH;
        int down = (rows + TALL - 1) / TALL;
        workers.forEach(across * down, tile -> {
            int column = tile / down * WIDTH;
            int row = tile % down * TALL;
            tile(x, row, Math.min(TALL, rows - row), w, column, y);
        });
    }

    private static void tile(float[] x, int firstRow, int rows, WeightRows w, int firstColumn, float[] y) {
        int width = Math.min(WIDTH, w.out() - firstColumn);
        float[][] panel = new float[Math.min(DEPTH, w.in())][width];
        float[] line = new float[DEPTH];
        float[] partial = new float[width];
        double[] sums = new double[rows * width];
        for (int k = 0; k < w.in(); k += DEPTH) {
            int depth = Math.min(DEPTH, w.in() - k);
            for (int j = 0; j < width; j++) {
                w.read(firstColumn + j, k, depth, line, 0);
                for (int i = 0; i < depth; i++) {
                    panel[i][j] = line[i];
                }
            }
            for (int r = 0; r < rows; r++) {
                Arrays.fill(partial, 0);
                Panel.accumulate(x, (firstRow + r) * w.in() + k, depth, panel, 0, width, partial);
                for (int j = 0; j < width; j++) {
                    sums[r * width + j] += partial[j];
                }
            }
        }
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < width; j++) {
                y[(firstRow + r) * w.out() + firstColumn + j] = (float) sums[r * width + j];
            }
        }
    }
}
