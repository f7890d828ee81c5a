package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ops.Ops;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What shifts by a sample of keys may get wrong: a key outside of the sample with by far the largest score. */
class TileAttentionTest {
    private static final int DIM = 64;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneKeyFarAboveTheSampleTakesAll(boolean quantised) {
        Random random = new Random(7);
        int keys = 700;
        int special = 333;
        float[] q = new float[40 * DIM];
        float[] k = new float[keys * DIM];
        float[] v = new float[keys * DIM];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) random.nextGaussian();
        }
        for (int r = 0; r < 40; r++) {
            q[r * DIM] = 64f;
        }
        // Scores are 0 for all keys but one, where exp(score) is no float: 64 * 64 / 8.
        k[special * DIM] = 64f;
        DeviceOptions options = DeviceOptions.DEFAULT.withMemoryLimit(1L << 28).withQuantisedAttention(quantised);
        try (Device device = new OneDnnProvider().open(options);
                Ops ops = Ops.on(device)) {
            Format format = device.formats().compute();
            Tensor out = ops.attention(
                    ops.copy(ops.upload(q, 40, DIM), format),
                    List.of(new KeyValue(
                            ops.copy(ops.upload(k, keys, DIM), format), ops.copy(ops.upload(v, keys, DIM), format))),
                    AttentionSpec.scaled(1, DIM));
            float[] result = ops.download(out);
            for (int r = 0; r < 40; r++) {
                for (int c = 0; c < DIM; c++) {
                    float expected = v[special * DIM + c];
                    assertThat(Math.abs(result[r * DIM + c] - expected)).isLessThanOrEqualTo(Math.abs(expected) / 256);
                }
            }
        }
    }
}
