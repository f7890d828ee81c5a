package io.wan4j.testkit;

import io.wan4j.spi.Convolution;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.ConvolutionShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** {@link io.wan4j.spi.Kernels#convolution}. */
final class ConvolutionCases {
    private ConvolutionCases() {}

    static List<ContractCase> all(List<Format> activations, boolean larger) {
        List<ContractCase> cases = new ArrayList<>();
        for (ConvolutionShape shape : ContractShapes.convolution(larger)) {
            for (Formats formats : formats(activations)) {
                for (boolean add : new boolean[] {false, true}) {
                    Set<Feature> needs =
                            formats.weight() == Format.F16 ? Set.of(Feature.CONVOLUTION_F16) : Set.<Feature>of();
                    String name = shape + ", " + formats + (add ? ", added" : "");
                    cases.add(new ContractCase(name, needs, rig -> run(rig, shape, formats, add)));
                }
            }
        }
        return cases;
    }

    private record Formats(Format weight, Format input, Format output) {
        @Override
        public String toString() {
            return weight + " weight, " + input + " to " + output;
        }
    }

    /** Results have the input's format, or F32 where a residual stream in F32 goes on. */
    private static List<Formats> formats(List<Format> activations) {
        List<Formats> all = new ArrayList<>();
        for (Format weight : List.of(Format.F32, Format.BF16, Format.F16)) {
            for (Format format : activations) {
                all.add(new Formats(weight, format, format));
                if (format != Format.F32 && activations.contains(Format.F32)) {
                    all.add(new Formats(weight, format, Format.F32));
                }
            }
        }
        return all;
    }

    private static void run(Rig rig, ConvolutionShape s, Formats formats, boolean add) {
        Format weightFormat = formats.weight();
        Format format = formats.input();
        int taps = s.in() * s.kernelTime() * s.kernelSpace() * s.kernelSpace();
        MemoryTensor stored = MemoryTensor.of(
                "conv.weight",
                weightFormat,
                rig.normal((long) s.out() * taps, 1 / Math.sqrt(taps)),
                s.out(),
                s.in(),
                s.kernelTime(),
                s.kernelSpace(),
                s.kernelSpace());
        float[] weight = MemoryTensor.decode(weightFormat, stored.content(), s.out() * taps);
        Rig.Sample bias = rig.normal(Format.F32, s.out());
        Convolution layer = new Convolution(
                "conv", rig.place(StoredWeight.dense(stored), WeightRole.CONVOLUTION), bias.tensor(), s.geometry());
        Rig.Sample past = rig.normal(format, s.past(), s.height(), s.width(), s.in());
        Rig.Sample x = rig.normal(format, s.frames(), s.height(), s.width(), s.in());
        long[] dims = {
            layer.outFrames(s.past() + s.frames()), layer.outSpace(s.height()), layer.outSpace(s.width()), s.out()
        };
        float[] frames = new float[past.values().length + x.values().length];
        System.arraycopy(past.values(), 0, frames, 0, past.values().length);
        System.arraycopy(x.values(), 0, frames, past.values().length, x.values().length);
        double relative = rig.errors().sum(taps)
                + rig.errors().operandError(format)
                + rig.errors().operandError(weightFormat);
        Expected y = new LinearOracle(rig.errors())
                .plusRow(new Oracle(relative, s, frames, weight).compute(dims), bias.values());
        Tensor out = rig.blank(formats.output(), dims);
        if (add) {
            Rig.Sample old = rig.normal(formats.output(), dims);
            out = old.tensor();
            y = new LinearOracle(rig.errors()).addedTo(y, old.wide(), new float[] {1});
        }
        rig.kernels().convolution(past.tensor(), x.tensor(), layer, add ? Epilogue.ADD_TO : Epilogue.STORE, out);
        rig.check(y, out);
    }

    /** The sum over all taps that lie within the frames. */
    private static final class Oracle {
        private final double relative;
        private final ConvolutionShape s;
        private final float[] frames;
        private final float[] weight;

        Oracle(double relative, ConvolutionShape s, float[] frames, float[] weight) {
            this.relative = relative;
            this.s = s;
            this.frames = frames;
            this.weight = weight;
        }

        Expected compute(long[] dims) {
            int count = (int) (dims[0] * dims[1] * dims[2] * dims[3]);
            Expected y = new Expected(new double[count], new double[count]);
            int at = 0;
            for (int t = 0; t < dims[0]; t++) {
                for (int row = 0; row < dims[1]; row++) {
                    for (int column = 0; column < dims[2]; column++) {
                        for (int o = 0; o < dims[3]; o++) {
                            element(t, row, column, o, y, at++);
                        }
                    }
                }
            }
            return y;
        }

        private void element(int t, int row, int column, int o, Expected y, int at) {
            int space = s.kernelSpace();
            int taps = s.in() * s.kernelTime() * space * space;
            int missing = Math.max(0, s.kernelTime() - s.past() - s.frames());
            for (int tap = 0; tap < taps; tap++) {
                int c = tap / (s.kernelTime() * space * space);
                int frame = t * s.geometry().strideTime() + tap / (space * space) % s.kernelTime() - missing;
                int h = row * s.geometry().strideSpace()
                        + tap / space % space
                        - s.geometry().before();
                int w = column * s.geometry().strideSpace()
                        + tap % space
                        - s.geometry().before();
                if (frame < 0 || h < 0 || h >= s.height() || w < 0 || w >= s.width()) {
                    continue;
                }
                double term = (double) weight[o * taps + tap]
                        * frames[((frame * s.height() + h) * s.width() + w) * s.in() + c];
                y.values()[at] += term;
                y.slack()[at] += Math.abs(term) * relative;
            }
        }
    }
}
