package io.wan4j.testkit;

import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.LinearShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@link io.wan4j.spi.Kernels#linear} at the edges: zeros, tiny and huge rows, ties of codes, views, more axes. */
final class LinearExtremes {
    private LinearExtremes() {}

    static List<ContractCase> all(List<Format> activations) {
        List<ContractCase> cases = new ArrayList<>();
        for (Format input : activations) {
            for (WeightKind kind : WeightKind.all()) {
                cases.add(new ContractCase(
                        "rows of zeros, outliers, 1e-30, 1e30 and subnormals, " + kind + ", " + input,
                        kind.needs(),
                        rig -> extremeRows(rig, kind, input)));
            }
            cases.add(ContractCase.of("rows cut out of larger tensors, " + input, rig -> views(rig, input)));
            cases.add(ContractCase.of("input with four axes, " + input, rig -> fourAxes(rig, input)));
            for (Format codes : List.of(Format.I8, Format.F8_E4M3)) {
                Set<Feature> needs = EnumSet.of(codes == Format.I8 ? Feature.RESULTS_I8 : Feature.RESULTS_F8);
                cases.add(new ContractCase(
                        "results halfway between " + codes + " codes go to the even one, " + input,
                        needs,
                        rig -> ties(rig, input, codes)));
            }
        }
        return cases;
    }

    private static void extremeRows(Rig rig, WeightKind kind, Format input) {
        LinearShape shape = new LinearShape(6, 20, 40);
        float[] values = rig.normal((long) shape.rows() * shape.in(), 1);
        float[] factors = {0, 1, 1e-30f, 1e30f, 1e-40f, 1};
        for (int i = 0; i < values.length; i++) {
            values[i] *= factors[i / shape.in()];
        }
        values[5 * shape.in() + 7] = 1e4f;
        WeightKind.Made weight = kind.make(rig, shape);
        LinearCases.Input x = LinearCases.Input.of(rig, kind, rig.sample(input, values, shape.rows(), shape.in()));
        LinearOracle oracle = new LinearOracle(rig.errors());
        Rig.Sample bias = rig.normal(Format.F32, shape.out());
        Expected y = oracle.product(x.product(), weight.operand(), shape.in());
        Tensor out = rig.blank(Format.F32, shape.rows(), shape.out());
        Linear layer = new Linear("layer", weight.weight(), Optional.of(bias.tensor()), List.of());
        rig.kernels().linear(x.tensor(), layer, Epilogue.STORE, out);
        rig.check(oracle.plusRow(y, bias.values()), out);
        float[] first = Arrays.copyOf(rig.read(out), shape.out());
        if (!Arrays.equals(first, bias.values())) {
            throw new AssertionError("a row of zeros: expected the bias " + Arrays.toString(bias.values()) + ", got "
                    + Arrays.toString(first));
        }
    }

    private static void views(Rig rig, Format input) {
        LinearShape shape = new LinearShape(5, 9, 11);
        WeightKind kind = WeightKind.dense(Format.BF16);
        WeightKind.Made weight = kind.make(rig, shape);
        Rig.Sample whole = rig.normal(input, shape.rows() + 3, shape.in());
        Tensor cut = whole.tensor().slice(1, 1 + shape.rows());
        float[] values = Arrays.copyOfRange(whole.values(), shape.in(), (1 + shape.rows()) * shape.in());
        Rig.Sample x = new Rig.Sample(cut, values);
        LinearOracle oracle = new LinearOracle(rig.errors());
        Expected y = oracle.product(LinearCases.Input.of(rig, kind, x).product(), weight.operand(), shape.in());
        Rig.Sample old = rig.normal(input, shape.rows() + 2, shape.out());
        Linear layer = new Linear("layer", weight.weight(), Optional.empty(), List.of());
        Tensor out = old.tensor().slice(1, 1 + shape.rows());
        rig.kernels().linear(cut, layer, Epilogue.STORE, out);
        rig.check(y, out);
        float[] after = rig.read(old.tensor());
        for (int i = 0; i < after.length; i++) {
            int row = i / shape.out();
            if ((row == 0 || row > shape.rows()) && after[i] != old.values()[i]) {
                throw new AssertionError("row " + row + " beside the result was overwritten");
            }
        }
    }

    private static void fourAxes(Rig rig, Format input) {
        LinearShape shape = new LinearShape(12, 10, 6);
        WeightKind kind = WeightKind.dense(Format.F32);
        WeightKind.Made weight = kind.make(rig, shape);
        Rig.Sample x = rig.normal(input, 2, 3, 2, shape.in());
        Expected y = new LinearOracle(rig.errors())
                .product(LinearCases.Input.of(rig, kind, x).product(), weight.operand(), shape.in());
        Tensor out = rig.blank(Format.F32, 2, 3, 2, shape.out());
        Linear layer = new Linear("layer", weight.weight(), Optional.empty(), List.of());
        rig.kernels().linear(x.tensor(), layer, Epilogue.STORE, out);
        rig.check(y, out);
    }

    /** With the identity as weight and a largest value that makes the scale 1, results are the codes to be rounded. */
    private static void ties(Rig rig, Format input, Format codes) {
        float[] row = codes == Format.I8
                ? new float[] {127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f}
                : new float[] {448, 17, 19, 21, -17, -19, 0x1p-10f, 3 * 0x1p-10f};
        float[] even = codes == Format.I8
                ? new float[] {127, 0, 2, 2, 0, -2, -2, 126}
                : new float[] {448, 16, 20, 20, -16, -20, 0, 0x1p-8f};
        int size = row.length;
        float[] identity = new float[size * size];
        for (int i = 0; i < size; i++) {
            identity[i * size + i] = 1;
        }
        WeightKind.Made weight = WeightKind.dense(Format.BF16).make(rig, new LinearShape(1, size, size), identity);
        Tensor out = rig.blank(codes, 1, size);
        Linear layer = new Linear("layer", weight.weight(), Optional.empty(), List.of());
        rig.kernels().linear(rig.sample(input, row, 1, size).tensor(), layer, Epilogue.STORE, out);
        float[] actual = rig.read(out);
        Comparison.absolute("codes", even, actual, 0).check();
    }
}
