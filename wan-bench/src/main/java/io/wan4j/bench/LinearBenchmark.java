package io.wan4j.bench;

import io.wan4j.testkit.WanShapes;
import io.wan4j.testkit.synth.WeightEncoding;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** The linears of a 14B block; with 8-bit weights, the activations are quantised within. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class LinearBenchmark extends KernelState {
    /** Name of a size in {@link WanShapes#linears}. */
    @Param({"attention q, k, v, o", "ffn up", "ffn down"})
    public String layer = "ffn up";

    /** Rows of the input. */
    @Param({"1560", "4680"})
    public int tokens = 1560;

    /** Storage of the weights. */
    @Param({"BF16", "INT8", "FP8"})
    public WeightEncoding weights = WeightEncoding.BF16;

    @SuppressWarnings("NullAway.Init")
    private Contender work;

    /** For JMH. */
    @SuppressWarnings("NullAway.Init")
    public LinearBenchmark() {}

    /** Makes weights and input. */
    @Setup(Level.Trial)
    public void prepare() {
        work = closeLater(Ours.linear(open(), weights, named(WanShapes.linears(tokens), layer)));
    }

    /** Runs the layer once. */
    @Benchmark
    public void linear() {
        work.work().run();
    }
}
