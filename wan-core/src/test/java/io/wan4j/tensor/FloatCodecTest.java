package io.wan4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import io.wan4j.tensor.FloatCodec.E4m3Rounding;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatCodecTest {

    @Test
    void everyE4m3CodeDecodesAsInTheTable() {
        try (SafetensorsFile table = SafetensorsFile.open(Goldens.path("quant/e4m3_decode.safetensors"))) {
            long[] codes = table.tensor("codes_u8").toLongs();
            float[] values = table.tensor("values").toFloats();
            float[] decoded = table.tensor("codes_f8").toFloats();
            assertThat(codes).hasSize(256);
            for (int i = 0; i < codes.length; i++) {
                assertSameFloat(FloatCodec.e4m3ToFloat((byte) codes[i]), values[i]);
                assertSameFloat(decoded[i], values[i]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(E4m3Rounding.class)
    void e4m3EncodesAsInTheTable(E4m3Rounding rounding) {
        String column = switch (rounding) {
            case SATURATE_TIES_EVEN -> "codes_saturate_rne";
            case SATURATE_TIES_AWAY -> "codes_saturate_ties_away";
            case NAN_TIES_EVEN -> "codes_nan_overflow_rne";
        };
        try (SafetensorsFile table = SafetensorsFile.open(Goldens.path("quant/e4m3_encode.safetensors"))) {
            float[] values = table.tensor("values").toFloats();
            long[] codes = table.tensor(column).toLongs();
            for (int i = 0; i < values.length; i++) {
                int got = FloatCodec.floatToE4m3(values[i], rounding) & 0xFF;
                int expected = (int) codes[i];
                if ((expected & 0x7F) == 0x7F) {
                    assertThat(got & 0x7F).as("NaN for %s", values[i]).isEqualTo(0x7F);
                } else {
                    assertThat(got).as("code of %s", values[i]).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void everySixteenBitPatternSurvivesARoundTrip() {
        for (int bits = 0; bits < 0x10000; bits++) {
            short code = (short) bits;
            float half = FloatCodec.f16ToFloat(code);
            float brain = FloatCodec.bf16ToFloat(code);
            if (Float.isNaN(half)) {
                assertThat(FloatCodec.f16ToFloat(FloatCodec.floatToF16(half))).isNaN();
            } else {
                assertThat(FloatCodec.floatToF16(half)).isEqualTo(code);
            }
            if (Float.isNaN(brain)) {
                assertThat(FloatCodec.bf16ToFloat(FloatCodec.floatToBf16(brain)))
                        .isNaN();
            } else {
                assertThat(FloatCodec.floatToBf16(brain)).isEqualTo(code);
            }
        }
    }

    @Test
    void everyE5m2CodeIsTheUpperHalfOfAHalf() {
        for (int code = 0; code < 256; code++) {
            float value = FloatCodec.e5m2ToFloat((byte) code);
            assertSameFloat(value, FloatCodec.f16ToFloat((short) (code << 8)));
            if (!Float.isNaN(value)) {
                assertThat(FloatCodec.floatToE5m2(value)).isEqualTo((byte) code);
            } else {
                assertThat(FloatCodec.e5m2ToFloat(FloatCodec.floatToE5m2(value)))
                        .isNaN();
            }
        }
    }

    /** Between any two neighbours: the midpoint goes to the even code, its float neighbours to their own side. */
    @Test
    void midpointsBetweenNeighboursGoToTheEvenCode() {
        for (int code = 0; code < 0x7BFF; code++) {
            float mid = middle(FloatCodec.f16ToFloat((short) code), FloatCodec.f16ToFloat((short) (code + 1)));
            int even = code + (code & 1);
            assertThat(FloatCodec.floatToF16(mid)).isEqualTo((short) even);
            assertThat(FloatCodec.floatToF16(Math.nextDown(mid))).isEqualTo((short) code);
            assertThat(FloatCodec.floatToF16(Math.nextUp(mid))).isEqualTo((short) (code + 1));
            assertThat(FloatCodec.floatToF16(-mid)).isEqualTo((short) (even | 0x8000));
        }
        for (int code = 0; code < 0x7B; code++) {
            float mid = middle(FloatCodec.e5m2ToFloat((byte) code), FloatCodec.e5m2ToFloat((byte) (code + 1)));
            assertThat(FloatCodec.floatToE5m2(mid)).isEqualTo((byte) (code + (code & 1)));
            assertThat(FloatCodec.floatToE5m2(Math.nextDown(mid))).isEqualTo((byte) code);
            assertThat(FloatCodec.floatToE5m2(Math.nextUp(mid))).isEqualTo((byte) (code + 1));
        }
        for (int code = 0; code < 0x7E; code++) {
            float mid = middle(FloatCodec.e4m3ToFloat((byte) code), FloatCodec.e4m3ToFloat((byte) (code + 1)));
            assertThat(FloatCodec.floatToE4m3(mid)).isEqualTo((byte) (code + (code & 1)));
            assertThat(FloatCodec.floatToE4m3(mid, E4m3Rounding.SATURATE_TIES_AWAY))
                    .isEqualTo((byte) (code + 1));
            assertThat(FloatCodec.floatToE4m3(Math.nextDown(mid))).isEqualTo((byte) code);
        }
    }

    @Test
    void extremesSaturateOrOverflowAsEachFormatDoes() {
        for (float value : new float[] {449, 464, 465, 1e9f, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            assertThat(FloatCodec.floatToE4m3(value)).isEqualTo((byte) 0x7E);
            assertThat(FloatCodec.floatToE4m3(-value)).isEqualTo((byte) 0xFE);
        }
        assertThat(FloatCodec.floatToE4m3(Float.MIN_VALUE)).isZero();
        assertThat(FloatCodec.floatToE4m3(-0f)).isEqualTo((byte) 0x80);
        assertThat(FloatCodec.floatToF16(Math.nextDown(65520f))).isEqualTo((short) 0x7BFF);
        assertThat(FloatCodec.floatToF16(65520f)).isEqualTo((short) 0x7C00);
        assertThat(FloatCodec.floatToE5m2(Math.nextDown(61440f))).isEqualTo((byte) 0x7B);
        assertThat(FloatCodec.floatToE5m2(Float.NEGATIVE_INFINITY)).isEqualTo((byte) 0xFC);
        assertThat(FloatCodec.bf16ToFloat(FloatCodec.floatToBf16(Float.MAX_VALUE)))
                .isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(FloatCodec.floatToE4m3(Float.NaN) & 0x7F).isEqualTo(0x7F);
    }

    @Test
    void bf16RoundsToNearestEven() {
        Random random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            float value = Float.intBitsToFloat(random.nextInt() & 0x7F7FFFFF);
            short below = (short) (Float.floatToRawIntBits(value) >>> 16);
            BigDecimal low = new BigDecimal(value).subtract(new BigDecimal(FloatCodec.bf16ToFloat(below)));
            float next = FloatCodec.bf16ToFloat((short) (below + 1));
            if (Float.isInfinite(next)) {
                continue;
            }
            int side = low.compareTo(new BigDecimal(next).subtract(new BigDecimal(value)));
            int expected = side < 0 || side == 0 && (below & 1) == 0 ? below : below + 1;
            assertThat(FloatCodec.floatToBf16(value))
                    .as("seed 7, value %s", value)
                    .isEqualTo((short) expected);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Format.class,
            names = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
    void bulkEqualsScalarAtAnyOffset(Format format) {
        float[] values = {0, -0f, 1, -1.5f, 448, 3.1415f, 1e-3f, -77};
        ByteBuffer bytes = ByteBuffer.allocateDirect(100);
        FloatCodec.encode(format, values, 1, 6, bytes, 3);
        float[] back = new float[10];
        FloatCodec.decode(format, bytes, 3, back, 2, 6);
        for (int i = 0; i < 6; i++) {
            float value = values[1 + i];
            float expected = switch (format) {
                case F16 -> FloatCodec.f16ToFloat(FloatCodec.floatToF16(value));
                case BF16 -> FloatCodec.bf16ToFloat(FloatCodec.floatToBf16(value));
                case F8_E4M3 -> FloatCodec.e4m3ToFloat(FloatCodec.floatToE4m3(value));
                case F8_E5M2 -> FloatCodec.e5m2ToFloat(FloatCodec.floatToE5m2(value));
                default -> value;
            };
            assertSameFloat(back[2 + i], expected);
        }
        assertThat(bytes.position()).isZero();
    }

    @Test
    void integerFormatsAreRefused() {
        assertThatThrownBy(() -> FloatCodec.decode(Format.I8, ByteBuffer.allocate(4), 0, new float[4], 0, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("I8");
    }

    private static float middle(float low, float high) {
        return (low + high) / 2;
    }

    private static void assertSameFloat(float got, float expected) {
        if (Float.isNaN(expected)) {
            assertThat(got).isNaN();
        } else {
            assertThat(Float.floatToRawIntBits(got)).isEqualTo(Float.floatToRawIntBits(expected));
        }
    }
}
