package io.wan4j.testkit;

import io.wan4j.spi.Activation;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.RowShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** normModulate, layerNorm, rmsNorm, rmsNormRope, channelNorm. */
final class NormCases {
    private static final float EPS = 1e-6f;

    private final List<Format> activations;
    private final boolean larger;

    NormCases(List<Format> activations, boolean larger) {
        this.activations = activations;
        this.larger = larger;
    }

    /** Rows that a norm is tried on. */
    private enum Content {
        NORMAL {
            @Override
            float[] make(Rig rig, RowShape shape) {
                return rig.normal((long) shape.rows() * shape.columns(), 1);
            }
        },
        FAR_FROM_ZERO {
            @Override
            float[] make(Rig rig, RowShape shape) {
                float[] values = NORMAL.make(rig, shape);
                for (int i = 0; i < values.length; i++) {
                    values[i] += 100;
                }
                return values;
            }
        },
        ZEROS {
            @Override
            float[] make(Rig rig, RowShape shape) {
                return new float[shape.rows() * shape.columns()];
            }
        },
        CONSTANT {
            @Override
            float[] make(Rig rig, RowShape shape) {
                float[] values = ZEROS.make(rig, shape);
                Arrays.fill(values, 3);
                return values;
            }
        },
        HUGE {
            @Override
            float[] make(Rig rig, RowShape shape) {
                return rig.normal((long) shape.rows() * shape.columns(), 1e15);
            }
        },
        TINY {
            @Override
            float[] make(Rig rig, RowShape shape) {
                return rig.normal((long) shape.rows() * shape.columns(), 1e-15);
            }
        };

        abstract float[] make(Rig rig, RowShape shape);
    }

    /** What a norm's case is about. */
    private record Setup(RowShape shape, Content content, Format input, Format output) {
        String name() {
            return shape + " " + content.name().toLowerCase(Locale.ROOT).replace('_', ' ') + ", " + input + " to "
                    + output;
        }

        Set<Feature> needs() {
            if (!output.isCode()) {
                return Set.of();
            }
            return Set.of(output == Format.I8 ? Feature.RESULTS_I8 : Feature.RESULTS_F8);
        }
    }

    /** A norm on a rig. */
    private interface Norm {
        void run(Rig rig, Setup setup);
    }

    private List<ContractCase> eachSetup(boolean codes, Norm norm) {
        List<ContractCase> cases = new ArrayList<>();
        for (RowShape shape : ContractShapes.rows(larger)) {
            for (Content content : shape.columns() == 33 ? List.of(Content.values()) : List.of(Content.NORMAL)) {
                for (Format input : activations) {
                    List<Format> outputs = new ArrayList<>(activations);
                    if (codes) {
                        outputs.addAll(List.of(Format.I8, Format.F8_E4M3));
                    }
                    for (Format output : outputs) {
                        Setup setup = new Setup(shape, content, input, output);
                        cases.add(new ContractCase(setup.name(), setup.needs(), rig -> norm.run(rig, setup)));
                    }
                }
            }
        }
        return cases;
    }

    private static Rig.Sample input(Rig rig, Setup setup) {
        return rig.sample(
                setup.input(),
                setup.content().make(rig, setup.shape()),
                setup.shape().rows(),
                setup.shape().columns());
    }

    private static Tensor output(Rig rig, Setup setup) {
        return rig.blank(setup.output(), setup.shape().rows(), setup.shape().columns());
    }

    List<ContractCase> normModulate() {
        return eachSetup(true, (rig, setup) -> {
            int columns = setup.shape().columns();
            Rig.Sample x = input(rig, setup);
            Rig.Sample rows = rig.normal(Format.F32, 6, columns);
            float[] shift = Arrays.copyOfRange(rows.values(), 3 * columns, 4 * columns);
            double[] factor = new double[columns];
            for (int i = 0; i < columns; i++) {
                factor[i] = 1.0 + rows.values()[4 * columns + i];
            }
            Tensor out = output(rig, setup);
            rig.kernels()
                    .normModulate(
                            x.tensor(), rows.tensor().entry(3), rows.tensor().entry(4), EPS, out);
            rig.check(new NormOracle(rig.errors(), columns).layerNorm(x.values(), EPS, factor, shift), out);
        });
    }

    List<ContractCase> layerNorm() {
        return eachSetup(true, (rig, setup) -> {
            int columns = setup.shape().columns();
            Rig.Sample x = input(rig, setup);
            Rig.Sample weight = rig.normal(Format.F32, columns);
            Rig.Sample bias = rig.normal(Format.F32, columns);
            Tensor out = output(rig, setup);
            rig.kernels().layerNorm(x.tensor(), weight.tensor(), bias.tensor(), 1e-5f, out);
            rig.check(
                    new NormOracle(rig.errors(), columns).layerNorm(x.values(), 1e-5f, weight.wide(), bias.values()),
                    out);
        });
    }

    List<ContractCase> rmsNorm() {
        List<ContractCase> cases = new ArrayList<>(eachSetup(true, (rig, setup) -> {
            Rig.Sample x = input(rig, setup);
            Rig.Sample weight = rig.normal(Format.F32, setup.shape().columns());
            Tensor out = output(rig, setup);
            rig.kernels().rmsNorm(x.tensor(), weight.tensor(), EPS, out);
            rig.check(rms(rig, x, weight), out);
        }));
        for (Format format : activations) {
            cases.add(ContractCase.of("in place, " + format, rig -> {
                Rig.Sample x = rig.normal(format, 5, 37);
                Rig.Sample weight = rig.normal(Format.F32, 37);
                rig.kernels().rmsNorm(x.tensor(), weight.tensor(), EPS, x.tensor());
                rig.check(rms(rig, x, weight), x.tensor());
            }));
        }
        return cases;
    }

    private static Expected rms(Rig rig, Rig.Sample x, Rig.Sample weight) {
        return new NormOracle(rig.errors(), weight.values().length).rmsNorm(x.values(), EPS, weight.values());
    }

    List<ContractCase> rmsNormRope() {
        List<ContractCase> cases = new ArrayList<>();
        int[][] sizes = {{1, 1, 2}, {5, 3, 6}, {7, 2, 16}, {3, 2, 128}, {2, 12, 24}};
        for (Format format : activations) {
            for (int[] s : sizes) {
                for (boolean inPlace : new boolean[] {true, false}) {
                    String name = s[0] + " rows, " + s[1] + " heads of " + s[2] + ", " + format
                            + (inPlace ? ", in place" : "");
                    cases.add(ContractCase.of(name, rig -> rope(rig, format, s, inPlace)));
                }
            }
        }
        return cases;
    }

    private static void rope(Rig rig, Format format, int[] size, boolean inPlace) {
        int columns = size[1] * size[2];
        int pairs = size[2] / 2;
        Rig.Sample x = rig.normal(format, size[0], columns);
        Rig.Sample weight = rig.normal(Format.F32, columns);
        float[] table = new float[size[0] * pairs * 2];
        for (int i = 0; i < table.length; i += 2) {
            double angle = rig.random().nextDouble() * 50;
            table[i] = (float) Math.cos(angle);
            table[i + 1] = (float) Math.sin(angle);
        }
        Rope rope = new Rope(rig.sample(Format.F32, table, size[0], pairs, 2).tensor(), size[1]);
        Tensor out = inPlace ? x.tensor() : rig.blank(format, size[0], columns);
        rig.kernels().rmsNormRope(x.tensor(), weight.tensor(), EPS, rope, out);
        rig.check(new NormOracle(rig.errors(), columns).rotated(rms(rig, x, weight), table, pairs), out);
    }

    List<ContractCase> channelNorm() {
        List<ContractCase> cases = new ArrayList<>();
        for (Format format : activations) {
            for (Activation activation : List.of(Activation.IDENTITY, Activation.SILU)) {
                for (int channels : larger ? new int[] {1, 6, 33, 96, 384} : new int[] {1, 6, 33}) {
                    for (Content content : List.of(Content.NORMAL, Content.ZEROS, Content.TINY)) {
                        String name = channels + " channels " + content + ", " + activation + ", " + format;
                        cases.add(ContractCase.of(name, rig -> channels(rig, format, activation, channels, content)));
                    }
                }
            }
        }
        return cases;
    }

    private void channels(Rig rig, Format format, Activation activation, int channels, Content content) {
        float[] values = content.make(rig, new RowShape(2 * 3 * 5, channels));
        Rig.Sample x = rig.sample(format, values, 2, 3, 5, channels);
        Rig.Sample gamma = rig.normal(Format.F32, channels);
        Expected normed = new NormOracle(rig.errors(), channels).channelNorm(x.values(), gamma.values());
        Expected expected = PointwiseOracle.of(activation, normed, rig.errors());
        for (Format result : activations) {
            Tensor out = rig.blank(result, 2, 3, 5, channels);
            rig.kernels().channelNorm(x.tensor(), gamma.tensor(), activation, out);
            rig.check(expected, out);
        }
        rig.kernels().channelNorm(x.tensor(), gamma.tensor(), activation, x.tensor());
        rig.check(expected, x.tensor());
    }
}
