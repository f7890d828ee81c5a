package io.wan4j.cpu;

import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Operations that only move elements, with at most a factor and a shift per channel. */
final class LayoutKernels {
    private final Workers workers;

    LayoutKernels(Workers workers) {
        this.workers = workers;
    }

    void patchify(List<Tensor> parts, Tensor out) {
        Shape s = parts.get(0).shape();
        int height = (int) s.dim(2);
        int width = (int) s.dim(3);
        List<Rows> channels = new ArrayList<>();
        for (Tensor part : parts) {
            for (long c = 0; c < part.shape().dim(0); c++) {
                channels.add(Rows.of(part.entry(c)));
            }
        }
        Rows tokens = Rows.of(out);
        int across = width / 2;
        workers.forEach((int) s.dim(1) * (height / 2), pair -> {
            float[] line = new float[width];
            float[] values = new float[across * tokens.columns()];
            for (int i = 0; i < 2 * channels.size(); i++) {
                channels.get(i / 2).read(2 * pair + i % 2, line, 0);
                for (int x = 0; x < width; x++) {
                    values[x / 2 * tokens.columns() + 2 * i + x % 2] = line[x];
                }
            }
            for (int i = 0; i < across; i++) {
                tokens.write(pair * across + i, values, i * tokens.columns());
            }
        });
    }

    void unpatchify(Tensor tokens, Tensor out) {
        Shape s = out.shape();
        int channels = (int) s.dim(0);
        int across = (int) s.dim(3) / 2;
        Rows source = Rows.of(tokens);
        Rows target = Rows.of(out);
        int rowsPerChannel = (int) (s.dim(1) * s.dim(2));
        workers.forEach(rowsPerChannel / 2, pair -> {
            float[] values = new float[across * source.columns()];
            for (int i = 0; i < across; i++) {
                source.read(pair * across + i, values, i * source.columns());
            }
            float[] line = new float[2 * across];
            for (int i = 0; i < 2 * channels; i++) {
                int c = i / 2;
                int row = i % 2;
                for (int x = 0; x < line.length; x++) {
                    line[x] = values[x / 2 * source.columns() + (2 * row + x % 2) * channels + c];
                }
                target.write(c * rowsPerChannel + 2 * pair + row, line, 0);
            }
        });
    }

    void upsample(Tensor x, Tensor out) {
        Shape s = x.shape();
        int width = (int) s.dim(2);
        int channels = (int) s.dim(3);
        Rows source = pixelRows(x);
        Rows target = pixelRows(out);
        workers.forEach(source.count(), row -> {
            float[] values = new float[width * channels];
            float[] doubled = new float[2 * values.length];
            source.read(row, values, 0);
            for (int i = 0; i < 2 * width; i++) {
                System.arraycopy(values, i / 2 * channels, doubled, i * channels, channels);
            }
            target.write(2 * row, doubled, 0);
            target.write(2 * row + 1, doubled, 0);
        });
    }

    void interleaveFrames(Tensor x, Tensor out) {
        Shape s = x.shape();
        int pixels = (int) (s.dim(1) * s.dim(2));
        int channels = (int) s.dim(3) / 2;
        Rows source = Rows.of(x);
        Rows target = Rows.of(out);
        workers.forRanges(source.count(), (a, b) -> {
            float[] values = new float[2 * channels];
            for (int i = a; i < b; i++) {
                int first = i / pixels * 2 * pixels + i % pixels;
                source.read(i, values, 0);
                target.write(first, values, 0);
                target.write(first + pixels, values, channels);
            }
        });
    }

    void channelsLast(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        Shape s = x.shape();
        int channels = (int) s.dim(0);
        int rowsPerChannel = (int) (s.dim(1) * s.dim(2));
        float[] factors = Rows.all(scale);
        float[] shifts = Rows.all(shift);
        Rows source = Rows.of(x);
        Rows target = pixelRows(out);
        workers.forEach(rowsPerChannel, row -> {
            float[] line = new float[source.columns()];
            float[] values = new float[target.columns()];
            for (int c = 0; c < channels; c++) {
                source.read(c * rowsPerChannel + row, line, 0);
                for (int i = 0; i < line.length; i++) {
                    values[i * channels + c] = line[i] * factors[c] + shifts[c];
                }
            }
            target.write(row, values, 0);
        });
    }

    void channelsFirst(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        int stored = (int) x.shape().dim(3);
        int channels = (int) out.shape().dim(0);
        float[] factors = Rows.all(scale);
        float[] shifts = Rows.all(shift);
        Rows source = pixelRows(x);
        Rows target = Rows.of(out);
        workers.forEach(source.count(), row -> {
            float[] values = new float[source.columns()];
            float[] line = new float[target.columns()];
            source.read(row, values, 0);
            for (int c = 0; c < channels; c++) {
                for (int i = 0; i < line.length; i++) {
                    line[i] = values[i * stored + c] * factors[c] + shifts[c];
                }
                target.write(c * source.count() + row, line, 0);
            }
        });
    }

    /** Rows of pixels with all their channels: [T * H, W * C]. */
    private static Rows pixelRows(Tensor channelsLast) {
        Shape s = channelsLast.shape();
        return Rows.of(channelsLast.reshape(s.dim(0) * s.dim(1), s.dim(2) * s.dim(3)));
    }
}
