package io.wan4j.model.dit;

import io.wan4j.error.ShapeException;

/**
 * Rotary angles over (frame, row, column), in FP64. With {@code c = headDim / 2} pairs and {@code n = c / 3}: the first
 * {@code c - 2n} pairs turn with the frame, the next n with the row, the last n with the column; pair j of an axis with
 * m pairs turns by {@code position * 10000^(-j/m)}.
 */
public final class Rotary {
    private static final double BASE = 10000;

    private Rotary() {}

    /** Cosine and sine of every token and pair: [frames * rows * columns, headDim / 2, 2]. */
    public static float[] table(int headDim, int frames, int rows, int columns) {
        int pairs = headDim / 2;
        int spatial = pairs / 3;
        int temporal = pairs - 2 * spatial;
        float[][][] axes = {
            axis(temporal, frames), axis(spatial, rows), axis(spatial, columns),
        };
        long values = 2L * frames * rows * columns * pairs;
        if (values > Integer.MAX_VALUE) {
            throw new ShapeException("rotary table: expected fewer than 2^31 values, got " + values + " for " + frames
                    + "x" + rows + "x" + columns + " tokens");
        }
        float[] table = new float[(int) values];
        int at = 0;
        for (int t = 0; t < frames; t++) {
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    at = append(table, at, axes[0][t]);
                    at = append(table, at, axes[1][i]);
                    at = append(table, at, axes[2][j]);
                }
            }
        }
        return table;
    }

    /** For each position of an axis the cosine and sine of each of its pairs. */
    private static float[][] axis(int pairs, int positions) {
        float[][] turns = new float[positions][2 * pairs];
        for (int position = 0; position < positions; position++) {
            for (int j = 0; j < pairs; j++) {
                double angle = position * Math.pow(BASE, -(double) j / pairs);
                turns[position][2 * j] = (float) Math.cos(angle);
                turns[position][2 * j + 1] = (float) Math.sin(angle);
            }
        }
        return turns;
    }

    private static int append(float[] table, int at, float[] turns) {
        System.arraycopy(turns, 0, table, at, turns.length);
        return at + turns.length;
    }
}
