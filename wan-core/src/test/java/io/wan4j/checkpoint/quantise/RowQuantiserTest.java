package io.wan4j.checkpoint.quantise;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RowQuantiserTest {
    @ParameterizedTest
    @EnumSource(WeightScheme.class)
    void rowOfZerosGivesZerosWithASoundScaleInEveryFormat(WeightScheme scheme) {
        for (Format source : new Format[] {Format.F32, Format.F16, Format.BF16}) {
            RowQuantiser quantiser = new RowQuantiser(scheme, source);
            float scale = quantiser.scale(0);
            ByteBuffer codes = ByteBuffer.allocate(4);
            quantiser.encode(new float[4], 0, 4, scale, codes, 0);
            assertThat(scale).isPositive().isFinite();
            assertThat(codes.array()).containsOnly(0);
        }
    }

    @ParameterizedTest
    @CsvSource({"F16, F32", "F32, F32", "BF16, BF16"})
    void scalesOfRowsNeverUnderflow(Format source, Format scales) {
        RowQuantiser quantiser = new RowQuantiser(WeightScheme.FP8_ROWS, source);
        assertThat(quantiser.scaleFormat()).isEqualTo(scales);
        float[] tiny = {0x1p-14f, -0x1p-15f};
        float scale = quantiser.scale(RowQuantiser.amax(tiny, 0, 2));
        ByteBuffer codes = ByteBuffer.allocate(2);
        quantiser.encode(tiny, 0, 2, scale, codes, 0);
        assertThat(RowQuantiser.decode(Format.F8_E4M3, codes.get(1)) * scale)
                .isCloseTo(tiny[1], org.assertj.core.data.Percentage.withPercentage(6.5));
    }

    @Test
    void int8SaturatesNowhere() {
        RowQuantiser quantiser = new RowQuantiser(WeightScheme.INT8_ROWS, Format.F32);
        float[] values = {3, -3, 1.5f, 0};
        ByteBuffer codes = ByteBuffer.allocate(4);
        quantiser.encode(values, 0, 4, quantiser.scale(3), codes, 0);
        assertThat(codes.array()).containsExactly(127, -127, 64, 0);
    }
}
