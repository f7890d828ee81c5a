package io.wan4j.gpucheck;

import java.util.Map;
import java.util.function.Function;

/**
 * A kernel to measure.
 *
 * @param name kernel, shape and format; peers use the same
 * @param kind what bounds it: {@code bf16}, {@code i8}, {@code f8_e4m3} or {@code copy}
 * @param amount operations, or bytes where the kind is {@code copy}
 * @param peer what a peer needs to know to do the same; empty if there is no peer
 * @param setup allocates operands and gives the work
 */
record KernelCase(
        String name, String kind, double amount, Map<String, Object> peer, Function<BenchRig, Runnable> setup) {
    static final String COPY = "copy";

    KernelCase {
        peer = Map.copyOf(peer);
    }

    /** The same work by another name. */
    KernelCase named(String other) {
        return new KernelCase(other, kind, amount, peer, setup);
    }

    /** Measures it; the row has the rate in tera-operations or gigabytes a second. */
    Row measure(Target target, RandomPool pool, Bench bench) {
        try (BenchRig rig = new BenchRig(target.device(), pool)) {
            Timing timing = bench.measure(target.stopwatch(), setup.apply(rig));
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
