package io.wan4j.gpucheck;

import io.wan4j.ops.Ops;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.util.Map;
import java.util.function.Function;

/**
 * A kernel to measure.
 *
 * @param name kernel, shape and format; peers use the same
 * @param kind what bounds it: {@code bf16}, {@code i8}, {@code f8_e4m3} or {@code copy}
 * @param amount operations, or bytes where the kind is {@code copy}
 * @param peer what a peer needs to know to do the same; empty if there is no peer
 * @param setup allocates operands and gives the work on them
 */
record KernelCase(String name, String kind, double amount, Map<String, Object> peer, Function<BenchRig, Work> setup) {
    static final String COPY = "copy";

    private static final int SAMPLES = 32;
    private static final long SAMPLE_ELEMENTS = 32_768;

    KernelCase {
        peer = Map.copyOf(peer);
    }

    /**
     * What is measured.
     *
     * @param start starts it; the result is the same each time
     * @param out the result
     */
    record Work(Runnable start, Tensor out) {}

    /** The same work by another name. */
    KernelCase named(String other) {
        return new KernelCase(other, kind, amount, peer, setup);
    }

    /** Does it once and gives some of the result, from all parts of it. The same operands each time. */
    float[] sample(Device device, RandomPool pool) {
        try (BenchRig rig = new BenchRig(device, pool);
                Ops ops = Ops.on(device)) {
            Work work = setup.apply(rig);
            work.start().run();
            Shape shape = work.out().shape();
            Tensor rows = work.out().reshape(shape.rows(), shape.columns());
            long some = Math.max(1, Math.min(shape.rows() / SAMPLES, SAMPLE_ELEMENTS / shape.columns()));
            int count = (int) Math.min(SAMPLES, shape.rows());
            float[] all = new float[Math.toIntExact(count * some * shape.columns())];
            for (int i = 0; i < count; i++) {
                long from = count == 1 ? 0 : i * (shape.rows() - some) / (count - 1);
                float[] part = ops.download(rows.slice(from, from + some));
                System.arraycopy(part, 0, all, i * part.length, part.length);
            }
            return all;
        }
    }

    /** Measures it; the row has the rate in tera-operations or gigabytes a second. */
    Row measure(Target target, RandomPool pool, Bench bench) {
        try (BenchRig rig = new BenchRig(target.device(), pool)) {
            Timing timing = bench.measure(target.stopwatch(), setup.apply(rig).start());
            return rate(timing.row(name), kind, amount, timing.median());
        }
    }

    /** The row with kind, rate and unit. */
    static Row rate(Row row, String kind, double amount, double millis) {
        boolean copy = kind.equals(COPY);
        return row.with("kind", kind)
                .with("rate", millis == 0 ? 0 : Timing.round(amount / millis / (copy ? 1e6 : 1e9)))
                .with("unit", copy ? "GB/s" : "T/s");
    }
}
