package io.wan4j.testkit;

import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Convolution.Geometry;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Rope;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Laws that results obey whatever the data, each tried with several seeds in F32; no oracle is needed. */
final class AlgebraCases {
    private static final int SEEDS = 3;

    private AlgebraCases() {}

    static List<ContractCase> all() {
        List<ContractCase> cases = new ArrayList<>();
        law(cases, "rotation keeps the length of every pair", AlgebraCases::ropeKeepsNorms);
        law(cases, "rotated products depend on the distance alone", AlgebraCases::ropeIsRelative);
        law(cases, "softmax weights sum to 1", AlgebraCases::softmaxSumsToOne);
        law(cases, "order of keys does not matter", AlgebraCases::keysCommute);
        law(cases, "equal shifts of all scores do not matter", AlgebraCases::scoresShift);
        law(cases, "two contexts are the sum of each alone", AlgebraCases::contextsAdd);
        law(cases, "layer norm ignores shift and scale of a row", AlgebraCases::normIgnoresAffine);
        law(cases, "normed rows have length sqrt(columns)", AlgebraCases::rmsHasUnitMean);
        law(cases, "linear layers are linear", AlgebraCases::linearIsLinear);
        law(cases, "a token does not see its neighbours", AlgebraCases::rowsAreIndependent);
        law(cases, "convolution by chunks is convolution of the whole", AlgebraCases::chunksJoin);
        return cases;
    }

    private static void law(List<ContractCase> cases, String name, Consumer<Rig> body) {
        for (int seed = 1; seed <= SEEDS; seed++) {
            cases.add(ContractCase.of(name + ", draw " + seed, body));
        }
    }

    private static int draw(Rig rig, int from, int to) {
        return from + rig.random().nextInt(to - from + 1);
    }

    /** Compares two results of sums over {@code terms} terms whose magnitudes sum to about {@code size}. */
    private static void same(Rig rig, String what, double[] expected, double[] actual, long terms, double size) {
        double bound = 4 * (rig.errors().sum(terms) + 2 * rig.errors().operand()) * size;
        double[] bounds = new double[expected.length];
        Arrays.fill(bounds, bound);
        Comparison.within(what, expected, actual, bounds).check();
    }

    private static float[] rotate(Rig rig, float[] values, int rows, int heads, int size, double[] positions) {
        float[] table = new float[rows * size];
        for (int i = 0; i < table.length; i += 2) {
            double angle = positions[i / size] * Math.pow(100, -(double) (i % size) / size);
            table[i] = (float) Math.cos(angle);
            table[i + 1] = (float) Math.sin(angle);
        }
        float[] ones = new float[heads * size];
        Arrays.fill(ones, 1);
        Rig.Sample x = rig.sample(Format.F32, values, rows, (long) heads * size);
        Tensor out = rig.blank(Format.F32, rows, (long) heads * size);
        Rope rope = new Rope(rig.sample(Format.F32, table, rows, size / 2, 2).tensor(), heads);
        rig.kernels()
                .rmsNormRope(
                        x.tensor(), rig.sample(Format.F32, ones, ones.length).tensor(), 0, rope, out);
        return rig.read(out);
    }

    private static void ropeKeepsNorms(Rig rig) {
        int heads = draw(rig, 1, 4);
        int size = 2 * draw(rig, 1, 20);
        int rows = draw(rig, 1, 9);
        float[] x = rig.normal((long) rows * heads * size, 1);
        double[] positions = rig.random().doubles(rows, -50, 50).toArray();
        float[] still = rotate(rig, x, rows, heads, size, new double[rows]);
        float[] turned = rotate(rig, x, rows, heads, size, positions);
        same(rig, "pair lengths", pairLengths(still), pairLengths(turned), 2, 4);
    }

    private static double[] pairLengths(float[] x) {
        double[] lengths = new double[x.length / 2];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = Math.hypot(x[2 * i], x[2 * i + 1]);
        }
        return lengths;
    }

    private static void ropeIsRelative(Rig rig) {
        int size = 2 * draw(rig, 2, 16);
        float[] q = rig.normal(size, 1);
        float[] k = rig.normal(size, 1);
        double[] products = new double[2];
        for (int i = 0; i < 2; i++) {
            double start = 7 * i;
            float[] a = rotate(rig, q, 1, 1, size, new double[] {start + 5});
            float[] b = rotate(rig, k, 1, 1, size, new double[] {start + 2});
            for (int d = 0; d < size; d++) {
                products[i] += (double) a[d] * b[d];
            }
        }
        same(rig, "product", new double[] {products[0]}, new double[] {products[1]}, size, 2.0 * size);
    }

    /** Attention of sizes drawn from the seed. */
    private static final class Attention {
        final int queries;
        final int keys;
        final int heads;
        final int size;

        Attention(Rig rig) {
            queries = draw(rig, 1, 9);
            keys = draw(rig, 2, 40);
            heads = draw(rig, 1, 3);
            size = 8 * draw(rig, 1, 4);
        }

        int columns() {
            return heads * size;
        }

        double[] run(Rig rig, float[] q, float[][]... contexts) {
            List<KeyValue> list = new ArrayList<>();
            for (float[][] context : contexts) {
                list.add(new KeyValue(tensor(rig, context[0]), tensor(rig, context[1])));
            }
            Tensor out = rig.blank(Format.F32, queries, columns());
            rig.kernels().attention(tensor(rig, q), list, AttentionSpec.scaled(heads, size), out);
            return Doubles.of(rig.read(out));
        }

        private Tensor tensor(Rig rig, float[] values) {
            return rig.sample(Format.F32, values, values.length / columns(), columns())
                    .tensor();
        }
    }

    private static void softmaxSumsToOne(Rig rig) {
        Attention a = new Attention(rig);
        float[] ones = new float[a.keys * a.columns()];
        Arrays.fill(ones, 1);
        float[][] context = {rig.normal(ones.length, 3), ones};
        double[] result = a.run(rig, rig.normal((long) a.queries * a.columns(), 3), context);
        double[] expected = new double[result.length];
        Arrays.fill(expected, 1);
        same(rig, "weights times ones", expected, result, a.keys, 1);
    }

    private static void keysCommute(Rig rig) {
        Attention a = new Attention(rig);
        int columns = a.columns();
        float[] q = rig.normal((long) a.queries * columns, 1);
        float[][] context = {rig.normal((long) a.keys * columns, 1), rig.normal((long) a.keys * columns, 1)};
        float[][] reversed = {reversed(context[0], columns), reversed(context[1], columns)};
        same(rig, "attention", a.run(rig, q, context), a.run(rig, q, reversed), a.keys + a.size, 5);
    }

    private static float[] reversed(float[] rows, int columns) {
        float[] result = new float[rows.length];
        for (int i = 0; i < rows.length; i += columns) {
            System.arraycopy(rows, i, result, rows.length - columns - i, columns);
        }
        return result;
    }

    /** A vector added to every key adds the same to all scores of a query. */
    private static void scoresShift(Rig rig) {
        Attention a = new Attention(rig);
        int columns = a.columns();
        float[] q = rig.normal((long) a.queries * columns, 1);
        float[] shift = rig.normal(columns, 1);
        float[][] context = {rig.normal((long) a.keys * columns, 1), rig.normal((long) a.keys * columns, 1)};
        float[] shifted = context[0].clone();
        for (int i = 0; i < shifted.length; i++) {
            shifted[i] += shift[i % columns];
        }
        double[] expected = a.run(rig, q, context);
        same(rig, "attention", expected, a.run(rig, q, new float[][] {shifted, context[1]}), a.keys + a.size, 20);
    }

    private static void contextsAdd(Rig rig) {
        Attention a = new Attention(rig);
        int columns = a.columns();
        float[] q = rig.normal((long) a.queries * columns, 1);
        float[][] first = {rig.normal((long) a.keys * columns, 1), rig.normal((long) a.keys * columns, 1)};
        float[][] second = {rig.normal(3L * columns, 1), rig.normal(3L * columns, 1)};
        double[] sum = a.run(rig, q, first);
        double[] other = a.run(rig, q, second, second);
        for (int i = 0; i < sum.length; i++) {
            sum[i] += other[i] / 2;
        }
        same(rig, "sum", sum, a.run(rig, q, first, second), a.keys, 5);
    }

    private static float[] norm(Rig rig, float[] x, int columns) {
        float[] ones = new float[columns];
        Arrays.fill(ones, 1);
        Tensor weight = rig.sample(Format.F32, ones, columns).tensor();
        Tensor bias = rig.sample(Format.F32, new float[columns], columns).tensor();
        Tensor out = rig.blank(Format.F32, x.length / columns, columns);
        Tensor rows = rig.sample(Format.F32, x, x.length / columns, columns).tensor();
        rig.kernels().layerNorm(rows, weight, bias, 0, out);
        return rig.read(out);
    }

    private static void normIgnoresAffine(Rig rig) {
        int columns = draw(rig, 8, 200);
        float[] x = rig.normal(4L * columns, 1);
        float[] moved = x.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] = 3 * moved[i] + 2;
        }
        same(rig, "norm", Doubles.of(norm(rig, x, columns)), Doubles.of(norm(rig, moved, columns)), columns, 10);
    }

    private static void rmsHasUnitMean(Rig rig) {
        int columns = draw(rig, 8, 200);
        int rows = draw(rig, 1, 6);
        float[] ones = new float[columns];
        Arrays.fill(ones, 1);
        Tensor out = rig.blank(Format.F32, rows, columns);
        rig.kernels()
                .rmsNorm(
                        rig.normal(Format.F32, rows, columns).tensor(),
                        rig.sample(Format.F32, ones, columns).tensor(),
                        0,
                        out);
        double[] squares = new double[rows];
        float[] result = rig.read(out);
        for (int i = 0; i < result.length; i++) {
            squares[i / columns] += (double) result[i] * result[i] / columns;
        }
        double[] expected = new double[rows];
        Arrays.fill(expected, 1);
        same(rig, "mean square", expected, squares, columns, 1);
    }

    private static float[] linear(Rig rig, Linear layer, float[] x) {
        long rows = x.length / layer.in();
        Tensor out = rig.blank(Format.F32, rows, layer.out());
        Tensor input = rig.sample(Format.F32, x, rows, layer.in()).tensor();
        rig.kernels().linear(input, layer, Epilogue.STORE, out);
        return rig.read(out);
    }

    private static Linear layer(Rig rig, int in, int out) {
        MemoryTensor stored =
                MemoryTensor.of("layer.weight", Format.BF16, rig.normal((long) in * out, 1 / Math.sqrt(in)), out, in);
        Weight weight = rig.place(StoredWeight.dense(stored), WeightRole.LINEAR);
        return new Linear("layer", weight, Optional.empty(), List.of());
    }

    private static void linearIsLinear(Rig rig) {
        int in = draw(rig, 1, 90);
        Linear layer = layer(rig, in, draw(rig, 1, 70));
        float[] a = rig.normal(5L * in, 1);
        float[] b = rig.normal(5L * in, 1);
        float[] both = new float[a.length];
        for (int i = 0; i < both.length; i++) {
            both[i] = a[i] - 2 * b[i];
        }
        double[] expected = Doubles.of(linear(rig, layer, a));
        float[] other = linear(rig, layer, b);
        for (int i = 0; i < expected.length; i++) {
            expected[i] -= 2 * other[i];
        }
        same(rig, "a - 2b", expected, Doubles.of(linear(rig, layer, both)), in, 5 * Math.sqrt(in));
    }

    private static void rowsAreIndependent(Rig rig) {
        int in = draw(rig, 1, 90);
        Linear layer = layer(rig, in, draw(rig, 1, 70));
        int rows = draw(rig, 2, 20);
        float[] x = rig.normal((long) rows * in, 1);
        float[] changed = x.clone();
        Arrays.fill(changed, in, x.length, 1e3f);
        int out = Math.toIntExact(layer.out());
        float[] before = Arrays.copyOf(linear(rig, layer, x), out);
        float[] after = Arrays.copyOf(linear(rig, layer, changed), out);
        Comparison.absolute("first row", before, after, 0).check();
    }

    private static void chunksJoin(Rig rig) {
        int in = draw(rig, 1, 9);
        int out = draw(rig, 1, 9);
        MemoryTensor stored =
                MemoryTensor.of("conv.weight", Format.F32, rig.normal(27L * in * out, 0.2), out, in, 3, 3, 3);
        Convolution layer = new Convolution(
                "conv",
                rig.place(StoredWeight.dense(stored), WeightRole.CONVOLUTION),
                rig.normal(Format.F32, out).tensor(),
                Geometry.SAME_3);
        Tensor frames = rig.normal(Format.F32, 7, 4, 5, in).tensor();
        Tensor none = frames.slice(0, 0);
        Tensor whole = rig.blank(Format.F32, 5, 4, 5, out);
        rig.kernels().convolution(none, frames, layer, Epilogue.STORE, whole);
        Tensor joined = rig.blank(Format.F32, 5, 4, 5, out);
        int cut = draw(rig, 1, 4);
        rig.kernels()
                .convolution(frames.slice(0, 2), frames.slice(2, 2 + cut), layer, Epilogue.STORE, joined.slice(0, cut));
        rig.kernels()
                .convolution(
                        frames.slice(cut, 2 + cut),
                        frames.slice(2 + cut, 7),
                        layer,
                        Epilogue.STORE,
                        joined.slice(cut, 5));
        same(rig, "chunks", Doubles.of(rig.read(whole)), Doubles.of(rig.read(joined)), 27L * in, Math.sqrt(27 * in));
    }
}
