package io.wan4j.cpu;

import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.Arrays;

/**
 * 3-D convolution of channels-last frames. A task is one row of one output frame: the input rows that it sees are read
 * once, padded, and a tap row of the kernel is then a contiguous vector for every output pixel.
 */
final class ConvolutionKernel {
    private static final int WIDTH = 128;

    private final Workers workers;

    ConvolutionKernel(Workers workers) {
        this.workers = workers;
    }

    void run(Tensor past, Tensor x, Convolution layer, Epilogue epilogue, Tensor out) {
        Frames input = new Frames(past, x);
        float[] bias = Rows.all(layer.bias());
        Taps taps = new Taps(layer);
        workers.forEach((taps.out + WIDTH - 1) / WIDTH, taps::load);
        Shape s = out.shape();
        int height = (int) s.dim(1);
        int width = (int) s.dim(2);
        Rows results = Rows.of(out.reshape(s.dim(0) * s.dim(1), s.dim(2) * s.dim(3)));
        workers.forEach(results.count(), row -> {
            float[] seen = input.read(row / height, row % height, layer);
            float[] y = new float[width * taps.out];
            float[] old = new float[epilogue instanceof Epilogue.AddTo ? y.length : 0];
            if (old.length > 0) {
                results.read(row, old, 0);
            }
            taps.apply(seen, layer.geometry().strideSpace(), width, y);
            for (int i = 0; i < y.length; i++) {
                y[i] += bias[i % taps.out];
                y[i] += old.length > 0 ? old[i] : 0;
            }
            results.write(row, y, 0);
        });
    }

    /** The frames of past, then those of x, as image rows. */
    private static final class Frames {
        private final Rows past;
        private final Rows now;
        private final int pastFrames;
        private final long frames;
        private final int height;
        private final int width;
        private final int channels;

        Frames(Tensor past, Tensor x) {
            Shape s = x.shape();
            this.pastFrames = (int) past.shape().dim(0);
            this.frames = past.shape().dim(0) + s.dim(0);
            this.height = (int) s.dim(1);
            this.width = (int) s.dim(2);
            this.channels = (int) s.dim(3);
            this.past = imageRows(past);
            this.now = imageRows(x);
        }

        private static Rows imageRows(Tensor frames) {
            Shape s = frames.shape();
            return Rows.of(frames.reshape(s.dim(0) * s.dim(1), s.dim(2) * s.dim(3)));
        }

        /** All input rows under output row y of output frame t, padded with zeros: [kt * ks, padded width * channels]. */
        float[] read(int t, int y, Convolution layer) {
            int space = (int) layer.kernelSpace();
            int time = (int) layer.kernelTime();
            Convolution.Geometry geometry = layer.geometry();
            int padded = (width + geometry.before() + geometry.after()) * channels;
            int missing = (int) layer.missingFrames(frames);
            float[] seen = new float[time * space * padded];
            for (int dt = 0; dt < time; dt++) {
                int frame = t * geometry.strideTime() + dt - missing;
                for (int dy = 0; dy < space && frame >= 0; dy++) {
                    int row = y * geometry.strideSpace() + dy - geometry.before();
                    int to = (dt * space + dy) * padded + geometry.before() * channels;
                    if (row >= 0 && row < height) {
                        readRow(frame, row, seen, to);
                    }
                }
            }
            return seen;
        }

        private void readRow(int frame, int row, float[] seen, int to) {
            if (frame < pastFrames) {
                past.read(frame * height + row, seen, to);
            } else {
                now.read((frame - pastFrames) * height + row, seen, to);
            }
        }
    }

    /** The kernel as panels: for each block of output channels, [taps in time and rows][columns * in][block]. */
    private static final class Taps {
        private final WeightRows weight;
        private final int out;
        private final int in;
        private final int space;
        private final int tapRows;
        private final float[][][] panels;

        Taps(Convolution layer) {
            this.weight = WeightRows.of(layer.weight());
            this.out = weight.out();
            this.in = (int) layer.in();
            this.space = (int) layer.kernelSpace();
            this.tapRows = (int) layer.kernelTime() * space;
            this.panels = new float[(out + WIDTH - 1) / WIDTH][][];
        }

        private int width(int block) {
            return Math.min(WIDTH, out - block * WIDTH);
        }

        /** Reorders a block from [out, in, time, row, column]. */
        void load(int block) {
            int width = width(block);
            float[][] panel = new float[weight.in()][width];
            float[] line = new float[weight.in()];
            int taps = tapRows * space;
            for (int j = 0; j < width; j++) {
                int o = block * WIDTH + j;
                weight.read(o, 0, line.length, line, 0);
                for (int c = 0; c < in; c++) {
                    for (int tap = 0; tap < taps; tap++) {
                        panel[tap * in + c][j] = line[c * taps + tap] * weight.scale(o);
                    }
                }
            }
            panels[block] = panel;
        }

        /** One row of output pixels [pixels, out]. */
        void apply(float[] seen, int stride, int pixels, float[] y) {
            int line = seen.length / tapRows;
            int depth = space * in;
            float[][] acc = new float[pixels][WIDTH];
            for (int block = 0; block < panels.length; block++) {
                int width = width(block);
                for (float[] pixel : acc) {
                    Arrays.fill(pixel, 0);
                }
                for (int tap = 0; tap < tapRows; tap++) {
                    for (int p = 0; p < pixels; p++) {
                        int from = tap * line + p * stride * in;
                        Panel.accumulate(seen, from, depth, panels[block], tap * depth, width, acc[p]);
                    }
                }
                for (int p = 0; p < pixels; p++) {
                    System.arraycopy(acc[p], 0, y, p * out + block * WIDTH, width);
                }
            }
        }
    }
}
