package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ops.Ops;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Device;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ptx.LaunchReport;
import io.wan4j.testkit.ptx.SimulatorOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention on warp groups over several tiles of rows and keys, against attention on single warps. */
class HopperAttentionTest {
    private static final int ROWS = 140;
    private static final int HEADS = 2;

    private final SimulatedCudaDriver driver = SimulatedDevices.hopper(SimulatorOptions.full());
    private final List<LaunchReport> reports = new ArrayList<>();

    private float[] attend(ProductKernels products, int keys) {
        Random random = new Random(9);
        try (Device device = SimulatedDevices.open(driver, products);
                Ops ops = Ops.on(device)) {
            Tensor q = normal(ops, random, ROWS);
            KeyValue context = new KeyValue(normal(ops, random, keys), normal(ops, random, keys));
            Tensor out = ops.allocate(Shape.of(ROWS, HEADS * 128L), Format.BF16);
            driver.listen(reports::add);
            device.kernels().attention(q, List.of(context), AttentionSpec.scaled(HEADS, 128), out);
            driver.listen(report -> {});
            return ops.download(out);
        }
    }

    private static Tensor normal(Ops ops, Random random, int rows) {
        int columns = HEADS * 128;
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Tensor out = ops.allocate(Shape.of(rows, columns), Format.BF16);
        ops.copy(ops.upload(values, rows, columns), out);
        return out;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 128, 390})
    void tilesOfKeysGiveWhatSingleWarpsGive(int keys) {
        float[] expected = attend(ProductKernels.WARPS, keys);
        float[] actual = attend(ProductKernels.AUTO, keys);
        assertThat(reports)
                .extracting(LaunchReport::kernel)
                .containsExactly("attention_bf16_128", "attention_group_bf16_128");
        assertThat(reports.get(1).bankConflicts()).as(reports.get(1).toString()).isZero();
        for (int i = 0; i < expected.length; i++) {
            // P and the results are rounded to BF16 at half a step each; values are below 5
            double bound = 2 * 0x1p-9 * Math.abs(expected[i]) + 2 * 0x1p-9 * 5;
            assertThat(Math.abs((double) actual[i] - expected[i]))
                    .as("element " + i)
                    .isLessThanOrEqualTo(bound);
        }
    }
}
