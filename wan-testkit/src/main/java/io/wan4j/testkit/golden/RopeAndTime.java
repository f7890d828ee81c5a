package io.wan4j.testkit.golden;

import io.wan4j.model.dit.Rotary;
import io.wan4j.model.dit.Timestep;
import io.wan4j.ops.Ops;
import io.wan4j.spi.Device;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.GoldenFile;
import java.util.Arrays;

/**
 * {@code rope_and_time.safetensors}: the tables of rotary angles and of timestep features, and a rotation of rows on a
 * grid of 3x2x4 tokens.
 */
final class RopeAndTime {
    static final String NAME = "rope_and_time";

    private static final int[] GRID = {3, 2, 4};
    private static final double TABLE_BOUND = 1e-6;
    private static final double STRICT = 1e-4;

    private RopeAndTime() {}

    static void run(String label, GoldenFile file, Device device, GoldenResults results) {
        float[] times = file.floats("time.t");
        int features = Math.toIntExact(file.shape("time.sinusoid").dim(1));
        float[] sinusoid = new float[times.length * features];
        for (int i = 0; i < times.length; i++) {
            System.arraycopy(Timestep.features(times[i], features), 0, sinusoid, i * features, features);
        }
        results.compareExactly(
                label, "time.sinusoid", sinusoid, file.floats("time.sinusoid"), Measure.MAX_REL, TABLE_BOUND);
        int positions = Math.toIntExact(file.shape("rope.freqs_real").dim(0));
        int headDim = 2 * Math.toIntExact(file.shape("rope.freqs_real").dim(1));
        results.compareExactly(
                label,
                "rope.freqs_real",
                diagonal(headDim, positions),
                file.floats("rope.freqs_real"),
                Measure.MAX_REL,
                TABLE_BOUND);
        rotate(label, file, device, results);
    }

    /** Angles of the tokens (p, p, p): every axis at the same position. */
    private static float[] diagonal(int headDim, int positions) {
        int spatial = headDim / 6;
        int temporal = headDim / 2 - 2 * spatial;
        float[] frames = Rotary.table(headDim, positions, 1, 1);
        float[] rows = Rotary.table(headDim, 1, positions, 1);
        float[] columns = Rotary.table(headDim, 1, 1, positions);
        float[] table = new float[positions * headDim];
        for (int p = 0; p < positions; p++) {
            int at = p * headDim;
            System.arraycopy(frames, at, table, at, 2 * temporal);
            System.arraycopy(rows, at + 2 * temporal, table, at + 2 * temporal, 2 * spatial);
            int last = at + 2 * (temporal + spatial);
            System.arraycopy(columns, last, table, last, 2 * spatial);
        }
        return table;
    }

    /** The device rotates rows that it has normalised; a rotation keeps lengths, so the expected rows are divided too. */
    private static void rotate(String label, GoldenFile file, Device device, GoldenResults results) {
        int heads = Math.toIntExact(file.shape("rope.in").dim(1));
        int headDim = Math.toIntExact(file.shape("rope.in").dim(2));
        int rows = Math.toIntExact(file.shape("rope.in").dim(0));
        float[] in = file.floats("rope.in");
        float[] expected = file.floats("rope.out");
        int columns = heads * headDim;
        for (int row = 0; row < rows; row++) {
            double sum = 0;
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                sum += (double) in[i] * in[i];
            }
            double root = Math.sqrt(sum / columns);
            for (int i = row * columns; i < (row + 1) * columns; i++) {
                expected[i] = (float) (expected[i] / root);
            }
        }
        float[] ones = new float[columns];
        Arrays.fill(ones, 1);
        try (Ops ops = Ops.on(device)) {
            float[] angles = Rotary.table(headDim, GRID[0], GRID[1], GRID[2]);
            Tensor table = ops.upload(angles, rows, headDim / 2, 2);
            Format compute = device.formats().compute();
            Tensor x = ops.copy(ops.upload(in, rows, columns), compute);
            ops.rmsNormRopeInPlace(x, ops.upload(ones, columns), 0, new Rope(table, heads));
            results.compare(
                    label,
                    "rope.out",
                    ops.download(ops.copy(x, Format.F32)),
                    expected,
                    new Tolerance(Measure.MAX_REL, STRICT, 2));
        }
    }
}
