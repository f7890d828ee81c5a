package io.wan4j.testkit;

import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.AttentionShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@link io.wan4j.spi.Kernels#attention}. */
final class AttentionCases {
    private AttentionCases() {}

    static List<ContractCase> all(List<Format> activations, boolean larger) {
        List<ContractCase> cases = new ArrayList<>();
        for (Format format : activations) {
            for (AttentionShape shape : ContractShapes.attention(larger)) {
                double scale = 1 / Math.sqrt(shape.headDim());
                cases.add(ContractCase.of(shape + ", " + format, rig -> run(rig, shape, format, scale, 1)));
                cases.add(new ContractCase(
                        shape + " with relative bias, unscaled, " + format,
                        Set.of(Feature.RELATIVE_BIAS),
                        rig -> biased(rig, shape, format)));
            }
            AttentionShape few = new AttentionShape(5, List.of(40), 2, 64);
            cases.add(ContractCase.of(
                    "scores in the thousands do not overflow, " + format, rig -> run(rig, few, format, 3, 30)));
            cases.add(ContractCase.of("one key gives its value, " + format, rig -> oneKey(rig, format)));
            cases.add(ContractCase.of("equal keys give the mean value, " + format, rig -> equalKeys(rig, format)));
        }
        return cases;
    }

    private static void run(Rig rig, AttentionShape shape, Format format, double scale, double spread) {
        AttentionSpec spec = new AttentionSpec(shape.heads(), (float) scale, Optional.empty());
        compare(rig, shape, format, spec, spread, (head, i, j) -> 0);
    }

    private static void biased(Rig rig, AttentionShape shape, Format format) {
        int longest = shape.keys().stream().mapToInt(Integer::intValue).max().orElseThrow();
        int offset = shape.queries() + 1;
        int rows = offset + longest + 2;
        Rig.Sample table = rig.normal(Format.F32, rows, shape.heads());
        AttentionSpec.RelativeBias bias = new AttentionSpec.RelativeBias(table.tensor(), offset);
        AttentionSpec spec = new AttentionSpec(shape.heads(), 1, Optional.of(bias));
        double spread = 1 / Math.sqrt(Math.sqrt(shape.headDim()));
        compare(
                rig,
                shape,
                format,
                spec,
                spread,
                (head, i, j) -> table.values()[(j - i + offset) * shape.heads() + head]);
    }

    private static void compare(
            Rig rig,
            AttentionShape shape,
            Format format,
            AttentionSpec spec,
            double spread,
            AttentionOracle.Bias bias) {
        long columns = (long) shape.heads() * shape.headDim();
        Rig.Sample q = rig.sample(format, rig.normal(shape.queries() * columns, spread), shape.queries(), columns);
        AttentionOracle oracle = new AttentionOracle(rig.errors(), shape, spec.scale());
        int count = q.values().length;
        Expected expected = new Expected(new double[count], new double[count]);
        List<KeyValue> contexts = new ArrayList<>();
        for (int keys : shape.keys()) {
            Rig.Sample key = rig.sample(format, rig.normal(keys * columns, spread), keys, columns);
            Rig.Sample value = rig.normal(format, keys, columns);
            contexts.add(new KeyValue(key.tensor(), value.tensor()));
            oracle.attend(q.wide(), key.wide(), value.wide(), bias, expected);
        }
        Tensor out = rig.blank(format, shape.queries(), columns);
        rig.kernels().attention(q.tensor(), contexts, spec, out);
        rig.check(expected, out);
    }

    private static void oneKey(Rig rig, Format format) {
        Rig.Sample q = rig.normal(format, 3, 32);
        Rig.Sample key = rig.normal(format, 1, 32);
        Rig.Sample value = rig.normal(format, 1, 32);
        Tensor out = rig.blank(format, 3, 32);
        rig.kernels()
                .attention(
                        q.tensor(),
                        List.of(new KeyValue(key.tensor(), value.tensor())),
                        AttentionSpec.scaled(2, 16),
                        out);
        double[] rows = new double[3 * 32];
        double[] slack = new double[rows.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = value.values()[i % 32];
            slack[i] = 4 * rig.errors().accumulation() * Math.abs(rows[i]);
        }
        rig.check(new Expected(rows, slack), out);
    }

    private static void equalKeys(Rig rig, Format format) {
        int keys = 37;
        Rig.Sample q = rig.normal(format, 2, 16);
        Rig.Sample key = rig.sample(format, new float[keys * 16], keys, 16);
        Rig.Sample value = rig.normal(format, keys, 16);
        Tensor out = rig.blank(format, 2, 16);
        rig.kernels()
                .attention(
                        q.tensor(),
                        List.of(new KeyValue(key.tensor(), value.tensor())),
                        AttentionSpec.scaled(1, 16),
                        out);
        double[] mean = new double[2 * 16];
        double[] slack = new double[mean.length];
        for (int i = 0; i < mean.length; i++) {
            for (int j = 0; j < keys; j++) {
                double term = value.values()[j * 16 + i % 16] / (double) keys;
                mean[i] += term;
                slack[i] += (rig.errors().sum(keys) + rig.errors().operand()) * Math.abs(term);
            }
        }
        rig.check(new Expected(mean, slack), out);
    }
}
