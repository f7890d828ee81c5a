package io.wan4j.gpucheck;

import io.wan4j.ops.Ops;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.AttentionShape;
import io.wan4j.testkit.WanShapes.Named;
import java.util.List;

/** Self-attention with queries and keys in 8 bits: how far it is from attention in BF16, and how fast. */
final class QuantisedAttentionCheck implements Check {
    static final String UNIT = "attention_8bit";

    /**
     * Largest value of {@link RandomPool}'s numbers in units of their deviation; a scale is at most this over 127.
     */
    private static final double LARGEST = 3.47;

    private static final double HALF_BF16 = 0x1p-9;

    /** Bytes of host memory that the comparison of results may take. */
    private static final long MOST_ELEMENTS = 50_000_000;

    private static final DeviceOptions PLAIN = DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);

    /**
     * Bound of the relative L2 error: a score of standard normal rows errs by two roundings of a uniform step, the result
     * by at most twice as much, and both results are rounded to BF16.
     */
    static double bound() {
        double score = Math.sqrt(2.0 / 12) * LARGEST / 127;
        return 2 * score + 2 * HALF_BF16;
    }

    @Override
    public void run(CheckContext context) {
        List<Named<AttentionShape>> shapes = context.workload().kernels().attentions().stream()
                .filter(named -> named.shape().keys().size() == 1)
                .toList();
        RandomPool pool = context.pool();
        Named<AttentionShape> first = shapes.get(0);
        context.attempt(first + " q k in 8 bits against bf16", () -> error(context, first, pool));
        try (Target target = context.open(PLAIN.withQuantisedAttention(true))) {
            for (Named<AttentionShape> shape : shapes) {
                KernelCase plain = KernelCases.attention(shape);
                String name = plain.name() + ", q k in 8 bits";
                KernelCase quantised = new KernelCase(name, plain.kind(), plain.amount(), plain.peer(), plain.setup());
                context.attempt(
                        name,
                        () -> quantised
                                .measure(target, pool, context.workload().bench())
                                .with(Comparisons.LIKE, plain.name()));
            }
        }
    }

    private static Row error(CheckContext context, Named<AttentionShape> named, RandomPool pool) {
        float[] expected = attend(context, PLAIN, named.shape(), pool);
        float[] actual = attend(context, PLAIN.withQuantisedAttention(true), named.shape(), pool);
        double error = Difference.relativeL2(expected, actual);
        return Row.ok(named + " q k in 8 bits against bf16")
                .with("relL2", Timing.round(error))
                .with("bound", Timing.round(bound()))
                .passedIf(error <= bound());
    }

    private static float[] attend(CheckContext context, DeviceOptions options, AttentionShape shape, RandomPool pool) {
        long columns = (long) shape.heads() * shape.headDim();
        int queries = (int) Math.min(shape.queries(), MOST_ELEMENTS / columns);
        int keys = shape.keys().get(0);
        try (Target target = context.open(options);
                BenchRig rig = new BenchRig(target.device(), pool);
                Ops ops = Ops.on(target.device())) {
            Tensor q = rig.normal(Format.BF16, queries, columns);
            KeyValue context8 =
                    new KeyValue(rig.normal(Format.BF16, keys, columns), rig.normal(Format.BF16, keys, columns));
            return ops.download(
                    ops.attention(q, List.of(context8), AttentionSpec.scaled(shape.heads(), shape.headDim())));
        }
    }
}
