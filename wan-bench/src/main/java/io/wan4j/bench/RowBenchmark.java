package io.wan4j.bench;

import io.wan4j.ops.Ops;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** What a 14B block does row by row, on 5120 columns. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class RowBenchmark extends KernelState {
    private static final int DIM = 5120;
    private static final int HEADS = 40;
    private static final float EPS = 1e-6f;

    /** Rows. */
    @Param({"1560", "4680"})
    public int tokens = 1560;

    private Device opened;
    private Tensor residual;
    private Tensor rows;
    private Tensor vector;
    private Rope rope;

    /** For JMH. */
    @SuppressWarnings("NullAway.Init")
    public RowBenchmark() {}

    /** Makes the rows: the residual stream in F32, queries in the device's format. */
    @Setup(Level.Trial)
    public void prepare() {
        opened = open();
        Arena arena = closeLater(opened.memory().arena());
        residual = Ours.random(opened, arena, Format.F32, tokens, DIM);
        rows = Ours.random(opened, arena, opened.formats().compute(), tokens, DIM);
        vector = Ours.random(opened, arena, Format.F32, DIM);
        rope = new Rope(Ours.random(opened, arena, Format.F32, tokens, DIM / HEADS / 2, 2), HEADS);
    }

    /** Layer norm without weights, shifted and scaled. */
    @Benchmark
    public void normModulate() {
        try (Ops ops = Ops.on(opened)) {
            ops.normModulate(residual, vector, vector, EPS, opened.formats().compute());
            opened.synchronize();
        }
    }

    /** RMS norm over all columns and rotary embedding of queries or keys. */
    @Benchmark
    public void rmsNormRope() {
        try (Ops ops = Ops.on(opened)) {
            ops.rmsNormRopeInPlace(rows, vector, EPS, rope);
            opened.synchronize();
        }
    }
}
