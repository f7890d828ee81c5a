package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.spi.Activation;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Plain loops and, where this JVM has them, vectors against double precision. */
class LanesTest {
    private static final int COUNT = 1003;
    private static final long SEED = 20_261_125;

    static List<Lanes> lanes() {
        Lanes chosen = LanesChoice.lanes();
        return chosen instanceof PlainLanes ? List.of(chosen) : List.of(new PlainLanes(), chosen);
    }

    private static float[] values(double spread) {
        Random random = new Random(SEED);
        float[] x = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            x[i] = (float) (random.nextGaussian() * spread);
        }
        x[0] = 0f;
        x[1] = -0f;
        return x;
    }

    @ParameterizedTest
    @MethodSource("lanes")
    void bf16IsRoundedToNearestEven(Lanes lanes) {
        float[] x = values(1e3);
        x[2] = Float.NaN;
        x[3] = Float.POSITIVE_INFINITY;
        x[4] = Float.intBitsToFloat(0x3F808000);
        x[5] = Float.intBitsToFloat(0x3F818000);
        short[] halves = new short[COUNT];
        float[] back = new float[COUNT];
        lanes.toBf16(x, 0, halves, 0, COUNT);
        lanes.fromBf16(halves, 0, back, 0, COUNT);
        for (int i = 0; i < COUNT; i++) {
            assertThat(Float.valueOf(back[i]))
                    .isEqualTo(Float.valueOf(FloatCodec.bf16ToFloat(FloatCodec.floatToBf16(x[i]))));
        }
    }

    @ParameterizedTest
    @MethodSource("lanes")
    void codesAreThoseOfTheCodec(Lanes lanes) {
        float[] x = values(100);
        byte[] codes = new byte[COUNT];
        float[] back = new float[COUNT];
        for (float scale : new float[] {1f, 0.25f, 512f, 1e5f}) {
            lanes.quantise(Format.F8_E4M3, x, 0, COUNT, scale, codes);
            lanes.codesToFloat(Format.F8_E4M3, codes, back, COUNT);
            for (int i = 0; i < COUNT; i++) {
                assertThat(back[i]).isEqualTo(FloatCodec.e4m3ToFloat(FloatCodec.floatToE4m3(x[i] / scale)));
            }
            lanes.quantise(Format.I8, x, 0, COUNT, scale, codes);
            for (int i = 0; i < COUNT; i++) {
                double expected = Math.max(-128, Math.min(127, Math.rint(x[i] / scale)));
                assertThat(codes[i]).isEqualTo((byte) expected);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("lanes")
    void everyCodeDecodesExactly(Lanes lanes) {
        byte[] codes = new byte[256];
        for (int i = 0; i < 256; i++) {
            codes[i] = (byte) i;
        }
        for (Format format : List.of(Format.F8_E4M3, Format.I8)) {
            float[] floats = new float[256];
            short[] halves = new short[256];
            lanes.codesToFloat(format, codes, floats, 256);
            lanes.codesToBf16(format, codes, halves, 256);
            for (int i = 0; i < 256; i++) {
                float expected = format == Format.I8 ? codes[i] : FloatCodec.e4m3ToFloat(codes[i]);
                assertThat(Float.valueOf(floats[i])).isEqualTo(Float.valueOf(expected));
                assertThat(Float.valueOf(FloatCodec.bf16ToFloat(halves[i]))).isEqualTo(Float.valueOf(expected));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("lanes")
    void exponentialsAreWithinAFewUnitsInTheLastPlace(Lanes lanes) {
        float[] x = values(30);
        float[] e = x.clone();
        lanes.exp(e, 0, COUNT, 0f);
        for (int i = 0; i < COUNT; i++) {
            if (x[i] > -87 && x[i] < 88) {
                double expected = Math.exp(x[i]);
                assertThat((double) e[i]).isCloseTo(expected, within(3e-7 * expected));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("lanes")
    void activationsFollowTheirFormulas(Lanes lanes) {
        float[] x = values(4);
        for (Activation activation : List.of(Activation.SILU, Activation.GELU_TANH)) {
            float[] y = x.clone();
            lanes.activate(activation, y, 0, COUNT);
            for (int i = 0; i < COUNT; i++) {
                double v = x[i];
                double expected = activation == Activation.SILU
                        ? v / (1 + Math.exp(-v))
                        : v / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
                assertThat((double) y[i]).isCloseTo(expected, within(1e-6 * Math.abs(v) + 1e-30));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("lanes")
    void sumsAndExtremesCoverTheWholeRow(Lanes lanes) {
        float[] x = values(1);
        double sum = 0;
        double squares = 0;
        float most = 0;
        float largest = Float.NEGATIVE_INFINITY;
        for (float v : x) {
            sum += v;
            squares += (v - 0.5) * (v - 0.5);
            most = Math.max(most, Math.abs(v));
            largest = Math.max(largest, v);
        }
        assertThat((double) lanes.sum(x, 0, COUNT)).isCloseTo(sum, within(1e-3));
        assertThat((double) lanes.sumOfSquares(x, 0, COUNT, 0.5f)).isCloseTo(squares, within(1e-3));
        assertThat(lanes.maxAbs(x, 0, COUNT)).isEqualTo(most);
        assertThat(lanes.max(x, 0, COUNT)).isEqualTo(largest);
    }
}
