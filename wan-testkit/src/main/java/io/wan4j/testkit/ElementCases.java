package io.wan4j.testkit;

import io.wan4j.spi.Activation;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** gather, activate, modulation, copy, allFinite. */
final class ElementCases {
    private ElementCases() {}

    static List<ContractCase> gather(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        for (Format table : List.of(Format.F32, Format.F16, Format.BF16, Format.F8_E4M3)) {
            for (Format output : activations) {
                cases.add(ContractCase.of(
                        "rows of a " + table + " table to " + output, rig -> gather(rig, table, output)));
            }
        }
        return cases;
    }

    private static void gather(Rig rig, Format format, Format output) {
        int columns = 21;
        int[] ids = {0, 12, 5, 5, 11, 0};
        MemoryTensor stored = MemoryTensor.of("table.weight", format, rig.normal(13 * columns, 1), 13, columns);
        float[] rows = MemoryTensor.decode(format, stored.content(), 13 * columns);
        Dense table = (Dense) rig.place(StoredWeight.dense(stored), WeightRole.TABLE);
        double[] expected = new double[ids.length * columns];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = rows[ids[i / columns] * columns + i % columns];
        }
        Tensor out = rig.blank(output, ids.length, columns);
        rig.kernels().gather(table.values(), ids, out);
        rig.check(Expected.exact(expected), out);
    }

    static List<ContractCase> activate(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        for (Format format : activations) {
            for (Activation activation : Activation.values()) {
                for (boolean inPlace : new boolean[] {false, true}) {
                    String name = activation + ", " + format + (inPlace ? ", in place" : "");
                    cases.add(ContractCase.of(name, rig -> activate(rig, format, activation, inPlace)));
                }
            }
        }
        return cases;
    }

    private static void activate(Rig rig, Format format, Activation activation, boolean inPlace) {
        float[] values = rig.normal(3 * 5 * 11, 3);
        float[] edges = {0, -0f, 1e-40f, -1e-40f, 1e-20f, 1e30f, -1e30f, 20, -20, 90, -90, 200, -200, 6, -6};
        System.arraycopy(edges, 0, values, 7, edges.length);
        Rig.Sample x = rig.sample(format, values, 3, 5, 11);
        Tensor out = inPlace ? x.tensor() : rig.blank(format, 3, 5, 11);
        rig.kernels().activate(x.tensor(), activation, out);
        rig.check(PointwiseOracle.of(activation, Expected.exact(x.wide()), rig.errors()), out);
    }

    static List<ContractCase> modulation() {
        return List.of(
                ContractCase.of("6 rows plus 6 rows", rig -> modulation(rig, 6, 6, 33)),
                ContractCase.of("2 rows plus 1 row", rig -> modulation(rig, 2, 1, 130)),
                ContractCase.of("1 row plus 1 row of 1", rig -> modulation(rig, 1, 1, 1)));
    }

    private static void modulation(Rig rig, int rows, int timeRows, int columns) {
        Rig.Sample parameter = rig.normal(Format.F32, rows, columns);
        Rig.Sample time = rig.normal(Format.F32, timeRows, columns);
        double[] expected = parameter.wide();
        for (int i = 0; i < expected.length; i++) {
            expected[i] += time.values()[timeRows == 1 ? i % columns : i];
        }
        Tensor out = rig.blank(Format.F32, rows, columns);
        rig.kernels().modulation(parameter.tensor(), time.tensor(), out);
        rig.check(Expected.exact(expected), out);
    }

    static List<ContractCase> copy() {
        List<ContractCase> cases = new ArrayList<>();
        List<Format> formats = List.of(Format.F32, Format.BF16, Format.F16);
        for (Format from : formats) {
            for (Format to : formats) {
                cases.add(ContractCase.of(from + " to " + to, rig -> {
                    Rig.Sample x = rig.normal(from, 3, 7, 5);
                    Tensor out = rig.blank(to, 7, 15);
                    rig.kernels().copy(x.tensor(), out);
                    rig.check(Expected.exact(x.wide()), out);
                }));
            }
        }
        cases.add(ContractCase.of("F32 to BF16 rounds to nearest, ties to even", ElementCases::copyTies));
        return cases;
    }

    private static void copyTies(Rig rig) {
        float[] values = {1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1.01p-8f, -1 - 0x1p-8f, 3.3895314e38f, 0, -0f, 1e-38f};
        float[] rounded = {1, 1 + 0x1p-6f, 1 + 0x1p-7f, -1, 0x1.fep127f, 0, -0f};
        Tensor out = rig.blank(Format.BF16, values.length);
        rig.kernels().copy(rig.sample(Format.F32, values, values.length).tensor(), out);
        float[] actual = Arrays.copyOf(rig.read(out), rounded.length);
        Comparison.absolute("rounded", rounded, actual, 0).check();
    }

    static List<ContractCase> allFinite(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        for (Format format : activations) {
            cases.add(ContractCase.of("largest numbers are finite, " + format, rig -> {
                float largest = format == Format.F32 ? Float.MAX_VALUE : 0x1.fep127f;
                finite(rig, format, new float[] {0, largest, -largest, 1e-40f, 7}, true);
            }));
            for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                for (int place : new int[] {0, 499, 998}) {
                    cases.add(ContractCase.of(odd + " at " + place + ", " + format, rig -> {
                        float[] values = rig.normal(999, 1);
                        finite(rig, format, values, true);
                        values[place] = odd;
                        finite(rig, format, values, false);
                    }));
                }
            }
        }
        return cases;
    }

    private static void finite(Rig rig, Format format, float[] values, boolean expected) {
        boolean actual = rig.kernels()
                .allFinite(rig.sample(format, values, values.length).tensor());
        if (actual != expected) {
            throw new AssertionError("all finite: expected " + expected + ", got " + actual);
        }
    }
}
