package io.wan4j.bench;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.ConvolutionShape;
import io.wan4j.testkit.WanShapes;
import io.wan4j.testkit.synth.SyntheticWeights;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** The heaviest convolutions of the VAE's decoder at 832x480. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ConvolutionBenchmark extends KernelState {
    private static final String NAME = "conv";

    /** Name of a size in {@link WanShapes#convolutions}. */
    @Param({"decoder middle", "decoder up 1", "decoder up 2", "decoder up 3"})
    public String layer = "decoder middle";

    private Device opened;
    private Convolution convolution;
    private Tensor past;
    private Tensor x;

    /** For JMH. */
    @SuppressWarnings("NullAway.Init")
    public ConvolutionBenchmark() {}

    /** Makes weights and frames. */
    @Setup(Level.Trial)
    public void prepare() {
        opened = open();
        ConvolutionShape s = named(WanShapes.convolutions(), layer);
        Shape stored = Shape.of(s.out(), s.in(), s.kernelTime(), s.kernelSpace(), s.kernelSpace());
        Weights weights = closeLater(Weights.open(
                SyntheticWeights.dense(
                        Map.of(NAME + ".weight", stored, NAME + ".bias", Shape.of(s.out())), Format.F32, 1),
                opened));
        convolution = weights.convolution(NAME, stored, s.geometry());
        Arena arena = closeLater(opened.memory().arena());
        Format format = opened.formats().compute();
        past = Ours.random(opened, arena, format, s.past(), s.height(), s.width(), s.in());
        x = Ours.random(opened, arena, format, s.frames(), s.height(), s.width(), s.in());
    }

    /** Runs the layer once. */
    @Benchmark
    public void convolution() {
        try (Ops ops = Ops.on(opened)) {
            ops.convolution(past, x, convolution);
            opened.synchronize();
        }
    }
}
