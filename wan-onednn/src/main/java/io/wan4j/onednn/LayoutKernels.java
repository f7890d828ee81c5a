package io.wan4j.onednn;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/** Operations that move elements: tables, patches, axes, doubling. */
final class LayoutKernels {
    private final Workers workers;

    LayoutKernels(Workers workers) {
        this.workers = workers;
    }

    void gather(Tensor table, int[] ids, Tensor out) {
        int columns = Math.toIntExact(table.shape().columns());
        View target = new View(out);
        View source = table.storage() instanceof StoredTable ? target : new View(table);
        workers.run(ids.length, (worker, i) -> {
            float[] row = worker.floats(0, columns);
            short[] halves = worker.halves(columns);
            if (table.storage() instanceof StoredTable stored) {
                StoredTensor rows = stored.rows();
                long bytes = (long) columns * rows.format().bytes();
                ByteBuffer content = rows.read(ids[i] * bytes, bytes);
                FloatCodec.decode(rows.format(), content.slice(), 0, row, 0, columns);
            } else {
                source.read((long) ids[i] * columns, row, 0, columns, worker.lanes(), halves);
            }
            target.write((long) i * columns, row, 0, columns, worker.lanes(), halves);
        });
    }

    void modulation(Tensor parameter, Tensor time, Tensor out) {
        float[] a = RowKernels.values(parameter);
        float[] b = RowKernels.values(time);
        for (int i = 0; i < a.length; i++) {
            a[i] += b[i % b.length];
        }
        new View(out).putFloats(0, a, 0, a.length);
    }

    void patchify(List<Tensor> parts, Tensor out) {
        Shape s = parts.get(0).shape();
        int frames = Math.toIntExact(s.dim(1));
        int height = Math.toIntExact(s.dim(2));
        int width = Math.toIntExact(s.dim(3));
        int columns = Math.toIntExact(out.shape().columns());
        List<View> sources = parts.stream().map(View::new).toList();
        View target = new View(out);
        int across = width / 2;
        workers.run(frames * (height / 2), (worker, band) -> {
            float[] tokens = worker.floats(0, across * columns);
            float[] lines = worker.floats(1, 2 * width);
            long pixel = (long) (band / (height / 2)) * height * width + (long) (band % (height / 2)) * 2 * width;
            int column = 0;
            for (int p = 0; p < parts.size(); p++) {
                for (long c = 0; c < parts.get(p).shape().dim(0); c++) {
                    sources.get(p)
                            .read(
                                    c * frames * height * width + pixel,
                                    lines,
                                    0,
                                    2 * width,
                                    worker.lanes(),
                                    worker.halves(2 * width));
                    for (int j = 0; j < across; j++) {
                        int at = j * columns + column;
                        tokens[at] = lines[2 * j];
                        tokens[at + 1] = lines[2 * j + 1];
                        tokens[at + 2] = lines[width + 2 * j];
                        tokens[at + 3] = lines[width + 2 * j + 1];
                    }
                    column += 4;
                }
            }
            target.write(
                    (long) band * across * columns,
                    tokens,
                    0,
                    across * columns,
                    worker.lanes(),
                    worker.halves(across * columns));
        });
    }

    void unpatchify(Tensor tokens, Tensor out) {
        Shape s = out.shape();
        int channels = Math.toIntExact(s.dim(0));
        int frames = Math.toIntExact(s.dim(1));
        int height = Math.toIntExact(s.dim(2));
        int width = Math.toIntExact(s.dim(3));
        int across = width / 2;
        int columns = 4 * channels;
        View source = new View(tokens);
        View target = new View(out);
        workers.run(frames * (height / 2), (worker, band) -> {
            float[] block = worker.floats(0, across * columns);
            float[] lines = worker.floats(1, 2 * width);
            source.read(
                    (long) band * across * columns,
                    block,
                    0,
                    across * columns,
                    worker.lanes(),
                    worker.halves(across * columns));
            long pixel = (long) (band / (height / 2)) * height * width + (long) (band % (height / 2)) * 2 * width;
            for (int c = 0; c < channels; c++) {
                for (int j = 0; j < across; j++) {
                    int at = j * columns + c;
                    lines[2 * j] = block[at];
                    lines[2 * j + 1] = block[at + channels];
                    lines[width + 2 * j] = block[at + 2 * channels];
                    lines[width + 2 * j + 1] = block[at + 3 * channels];
                }
                target.write(
                        (long) c * frames * height * width + pixel,
                        lines,
                        0,
                        2 * width,
                        worker.lanes(),
                        worker.halves(2 * width));
            }
        });
    }

    /** Elements are copied as they are: both tensors have one format. */
    void upsample(Tensor x, Tensor out) {
        Shape s = x.shape();
        int width = Math.toIntExact(s.dim(2));
        int channels = Math.toIntExact(s.dim(3));
        int line = width * channels;
        View source = new View(x);
        View target = new View(out);
        workers.run(Math.toIntExact(s.dim(0) * s.dim(1)), (worker, row) -> {
            long to = 4L * row * line;
            if (x.format() == Format.BF16) {
                short[] all = worker.halves(3 * line);
                source.getShorts((long) row * line, all, 2 * line, line);
                for (int j = 0; j < width; j++) {
                    System.arraycopy(all, 2 * line + j * channels, all, 2 * j * channels, channels);
                    System.arraycopy(all, 2 * j * channels, all, (2 * j + 1) * channels, channels);
                }
                target.putShorts(to, all, 0, 2 * line);
                target.putShorts(to + 2L * line, all, 0, 2 * line);
            } else {
                float[] in = worker.floats(0, line);
                float[] doubled = worker.floats(1, 2 * line);
                source.getFloats((long) row * line, in, 0, line);
                for (int j = 0; j < width; j++) {
                    System.arraycopy(in, j * channels, doubled, 2 * j * channels, channels);
                    System.arraycopy(in, j * channels, doubled, (2 * j + 1) * channels, channels);
                }
                target.putFloats(to, doubled, 0, 2 * line);
                target.putFloats(to + 2L * line, doubled, 0, 2 * line);
            }
        });
    }

    void interleaveFrames(Tensor x, Tensor out) {
        Shape s = x.shape();
        int width = Math.toIntExact(s.dim(2));
        int height = Math.toIntExact(s.dim(1));
        int channels = Math.toIntExact(s.dim(3) / 2);
        int line = width * channels;
        View source = new View(x);
        View target = new View(out);
        workers.run(Math.toIntExact(s.dim(0) * height), (worker, row) -> {
            float[] both = worker.floats(0, 2 * line);
            float[] one = worker.floats(1, line);
            short[] halves = worker.halves(2 * line);
            source.read(2L * row * line, both, 0, 2 * line, worker.lanes(), halves);
            long frame = row / height;
            for (int part = 0; part < 2; part++) {
                for (int j = 0; j < width; j++) {
                    System.arraycopy(both, (2 * j + part) * channels, one, j * channels, channels);
                }
                long to = ((2 * frame + part) * height + row % height) * line;
                target.write(to, one, 0, line, worker.lanes(), halves);
            }
        });
    }

    void channelsLast(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        Shape s = x.shape();
        int channels = Math.toIntExact(s.dim(0));
        int width = Math.toIntExact(s.dim(3));
        long plane = s.count() / channels;
        float[] factors = RowKernels.values(scale);
        float[] offsets = RowKernels.values(shift);
        View source = new View(x);
        View target = new View(out);
        workers.run(Math.toIntExact(plane / width), (worker, row) -> {
            float[] line = worker.floats(0, width);
            float[] pixels = worker.floats(1, width * channels);
            for (int c = 0; c < channels; c++) {
                source.read(c * plane + (long) row * width, line, 0, width, worker.lanes(), worker.halves(width));
                for (int j = 0; j < width; j++) {
                    pixels[j * channels + c] = line[j] * factors[c] + offsets[c];
                }
            }
            target.write(
                    (long) row * width * channels,
                    pixels,
                    0,
                    width * channels,
                    worker.lanes(),
                    worker.halves(width * channels));
        });
    }

    void channelsFirst(Tensor x, Tensor scale, Tensor shift, Tensor out) {
        Shape s = out.shape();
        int channels = Math.toIntExact(s.dim(0));
        int width = Math.toIntExact(s.dim(3));
        int given = Math.toIntExact(x.shape().columns());
        long plane = s.count() / channels;
        float[] factors = RowKernels.values(scale);
        float[] offsets = RowKernels.values(shift);
        View source = new View(x);
        View target = new View(out);
        workers.run(Math.toIntExact(plane / width), (worker, row) -> {
            float[] line = worker.floats(0, width);
            float[] pixels = worker.floats(1, width * given);
            source.read(
                    (long) row * width * given, pixels, 0, width * given, worker.lanes(), worker.halves(width * given));
            for (int c = 0; c < channels; c++) {
                for (int j = 0; j < width; j++) {
                    line[j] = pixels[j * given + c] * factors[c] + offsets[c];
                }
                target.write(c * plane + (long) row * width, line, 0, width, worker.lanes(), worker.halves(width));
            }
        });
    }
}
