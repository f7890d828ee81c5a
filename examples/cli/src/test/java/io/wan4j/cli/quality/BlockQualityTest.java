package io.wan4j.cli.quality;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.model.dit.WanConfig;
import io.wan4j.spi.Device;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockQualityTest {
    @Test
    void balancedWeightsComputeTheSame() {
        try (Device device = Device.named("reference").open()) {
            List<BlockQuality.Row> rows = new BlockQuality(
                            new WanConfig(256, 512, 2, 1, 64, 80), BlockQuality.randomWeights(1), device, 4)
                    .run();
            assertThat(rows)
                    .hasSize(13)
                    .allSatisfy(row -> assertThat(row.losses())
                            .containsKeys(BlockQuality.Method.FP8, BlockQuality.Method.INT8)
                            .allSatisfy(
                                    (method, loss) -> assertThat(loss.cosine()).isGreaterThan(0.99)));
            // Were the inverse factors missing somewhere, the block would be another function.
            assertThat(rows.get(12).losses()).containsKey(BlockQuality.Method.INT8_BALANCED);
        }
    }
}
