package io.wan4j.model.vae;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;

class LatentStatisticsTest {
    private final LatentStatistics statistics = LatentStatistics.wan21();

    @Test
    void constantsAreThoseOfTheReference() {
        try (SafetensorsFile file = SafetensorsFile.open(Goldens.path("vae/latent_norm.safetensors"))) {
            assertThat(statistics.mean()).isEqualTo(file.tensor("mean").toFloats());
            assertThat(statistics.std()).isEqualTo(file.tensor("std").toFloats());
            assertThat(statistics.normalizeScale())
                    .isEqualTo(file.tensor("scale1").toFloats());
        }
    }

    @Test
    void meanNormalizesToZero() {
        float[] scale = statistics.normalizeScale();
        float[] shift = statistics.normalizeShift();
        float[] mean = statistics.mean();
        for (int c = 0; c < 16; c++) {
            assertThat(mean[c] * scale[c] + shift[c]).isBetween(-1e-6f, 1e-6f);
        }
    }
}
