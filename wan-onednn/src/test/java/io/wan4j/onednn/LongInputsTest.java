package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.synth.SyntheticWeights;
import io.wan4j.testkit.synth.WeightEncoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Linear layers of inputs so long that they are multiplied from a copy, region by region. */
class LongInputsTest {
    private static final int ROWS = 8051;
    private static final int IN = 8192;
    private static final int OUT = 32;
    /** Rows that are multiplied where they are. */
    private static final int PART = 4000;

    private static ByteBuffer values() {
        short[] table = new short[65_521];
        Random random = new Random(23);
        for (int i = 0; i < table.length; i++) {
            table[i] = FloatCodec.floatToBf16((float) random.nextGaussian());
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(ROWS * IN * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < ROWS * IN; i++) {
            bytes.putShort(table[i % table.length]);
        }
        return bytes.flip();
    }

    @Test
    void areThoseOfTheirParts() {
        assumeTrue(Dnnl.hasBf16(), "BF16");
        DeviceOptions options =
                DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16).withMemoryLimit(1L << 29);
        String name = "blocks.0.ffn.0";
        SyntheticWeights source = SyntheticWeights.transformer(
                Map.of(name + ".weight", Shape.of(OUT, IN), name + ".bias", Shape.of(OUT)), WeightEncoding.BF16, 1);
        try (Device device = new OneDnnProvider().open(options);
                Weights weights = Weights.open(source, device);
                Arena arena = device.memory().arena();
                Ops ops = Ops.on(device)) {
            Linear layer = weights.linear(name, IN, OUT);
            Tensor x = arena.allocate(Shape.of(ROWS, IN), Format.BF16);
            device.memory().upload(values(), x);
            Tensor whole = ops.allocate(Shape.of(ROWS, OUT), Format.F32);
            ops.linear(x, layer, Target.store(whole));
            float[] got = ops.download(whole);
            assertThat(LeftOperands.isSpreadWorth(x)).isTrue();
            for (int from = 0; from < ROWS; from += PART) {
                int rows = Math.min(PART, ROWS - from);
                Tensor part = Tensor.of(
                        Shape.of(rows, IN),
                        Format.BF16,
                        x.storage().slice((long) from * IN * Short.BYTES, (long) rows * IN * Short.BYTES));
                Tensor out = ops.allocate(Shape.of(rows, OUT), Format.F32);
                ops.linear(part, layer, Target.store(out));
                float[] expected = ops.download(out);
                for (int i = 0; i < expected.length; i++) {
                    // Sums of F32 in another order, at most.
                    assertThat(got[from * OUT + i]).isCloseTo(expected[i], offset(1e-4f));
                }
            }
        }
    }
}
