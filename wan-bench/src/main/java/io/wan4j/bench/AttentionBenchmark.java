package io.wan4j.bench;

import io.wan4j.spi.Device;
import io.wan4j.testkit.WanShapes;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** The attentions of a 14B block, 40 heads of 128. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class AttentionBenchmark extends KernelState {
    /** Name of a size in {@link WanShapes#attentions}. */
    @Param({"self attention", "cross attention"})
    public String kind = "self attention";

    /** Rows of the queries. */
    @Param({"1560", "4680"})
    public int tokens = 1560;

    @SuppressWarnings("NullAway.Init")
    private Contender work;

    /** For JMH. */
    @SuppressWarnings("NullAway.Init")
    public AttentionBenchmark() {}

    /** Makes queries, keys and values. */
    @Setup(Level.Trial)
    public void prepare() {
        Device opened = open();
        work = closeLater(
                Ours.attention(opened, opened.formats().compute().name(), named(WanShapes.attentions(tokens), kind)));
    }

    /** Runs the attention once. */
    @Benchmark
    public void attention() {
        work.work().run();
    }
}
