package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows through machine code against double precision; on processors with AVX-512. */
class RowCodeTest {
    private static final int ROWS = 5;
    private static final int COLUMNS = 96;
    private static final long SEED = 17;

    private NativeHeap.Block memory = NativeHeap.allocate(1 << 20);
    private final Random random = new Random(SEED);

    @BeforeEach
    void needsTheProcessor() {
        assumeTrue(Dnnl.hasBf16(), "AVX-512 with BF16");
    }

    @AfterEach
    void free() {
        memory.free();
    }

    private float[] normal(int count, double deviation) {
        float[] x = new float[count];
        for (int i = 0; i < count; i++) {
            x[i] = (float) (random.nextGaussian() * deviation);
        }
        return x;
    }

    private View view(int place, long count, Format format) {
        return new View(memory.address() + (1L << 16) * place, count, format);
    }

    private View floats(int place, float[] values) {
        View view = view(place, values.length, Format.F32);
        view.putFloats(0, values, 0, values.length);
        return view;
    }

    @Test
    void codesAreTheRowsInStepsOfTheirLargest() {
        try (RowCode code = RowCode.create().orElseThrow()) {
            float[] x = normal(ROWS * COLUMNS, 3);
            java.util.Arrays.fill(x, COLUMNS, 2 * COLUMNS, 0f);
            short[] halves = new short[x.length];
            for (int i = 0; i < x.length; i++) {
                halves[i] = FloatCodec.floatToBf16(x[i]);
                x[i] = FloatCodec.bf16ToFloat(halves[i]);
            }
            View source = view(1, x.length, Format.BF16);
            source.putShorts(0, halves, 0, x.length);
            View codes = view(2, x.length, Format.I8);
            View steps = view(3, ROWS, Format.F32);
            ByteBuffer arguments = RowCode.arguments(memory.address());
            arguments.putLong(RowCode.SOURCE, source.address());
            arguments.putLong(RowCode.SOURCE_STRIDE, COLUMNS * 2);
            arguments.putLong(RowCode.ROWS, ROWS);
            arguments.putLong(RowCode.TURNS, COLUMNS / RowCode.COLUMNS);
            arguments.putLong(RowCode.OUT, codes.address());
            arguments.putLong(RowCode.OUT_STRIDE, COLUMNS);
            arguments.putLong(RowCode.ROW_SCALES, steps.address());
            code.quantise(memory.address());
            byte[] got = new byte[x.length];
            codes.getCodes(0, got, 0, got.length);
            float[] scales = new float[ROWS];
            steps.getFloats(0, scales, 0, ROWS);
            for (int r = 0; r < ROWS; r++) {
                double most = 1e-8;
                for (int c = 0; c < COLUMNS; c++) {
                    most = Math.max(most, Math.abs(x[r * COLUMNS + c]));
                }
                assertThat(scales[r]).isEqualTo((float) most / 127f);
                for (int c = 0; c < COLUMNS; c++) {
                    // To the nearest code, but for the rounding of the factor.
                    double exact = x[r * COLUMNS + c] * 127.0 / most;
                    assertThat(Math.abs(got[r * COLUMNS + c] - exact)).isLessThanOrEqualTo(0.5 + 127 * 0x1p-22);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RowCode.Kind.class)
    void sumsBecomeWhatTheLayerSays(RowCode.Kind kind) {
        try (RowCode code = RowCode.create().orElseThrow()) {
            float[] sums = normal(ROWS * COLUMNS, 100);
            float[] scales = {0.01f, 0.05f, 0f, 1f, 0.02f};
            float[] bias = normal(COLUMNS, 1);
            float[] gate = normal(COLUMNS, 1);
            float[] before = normal(ROWS * COLUMNS, 1);
            boolean wide = kind == RowCode.Kind.ADD_GATED;
            View out = view(2, before.length, wide ? Format.F32 : Format.BF16);
            if (wide) {
                out.putFloats(0, before, 0, before.length);
            }
            ByteBuffer arguments = RowCode.arguments(memory.address());
            arguments.putLong(RowCode.SOURCE, floats(1, sums).address());
            arguments.putLong(RowCode.SOURCE_STRIDE, COLUMNS * 4);
            arguments.putLong(RowCode.ROWS, ROWS);
            arguments.putLong(RowCode.TURNS, COLUMNS / RowCode.COLUMNS);
            arguments.putLong(RowCode.OUT, out.address());
            arguments.putLong(RowCode.OUT_STRIDE, COLUMNS * (wide ? 4 : 2));
            arguments.putLong(RowCode.ROW_SCALES, floats(3, scales).address());
            arguments.putLong(RowCode.BIAS, floats(4, bias).address());
            arguments.putLong(RowCode.GATE, floats(5, gate).address());
            code.finish(kind, memory.address());
            float[] got = new float[sums.length];
            out.read(0, got, 0, got.length, new PlainLanes(), new short[got.length]);
            for (int i = 0; i < got.length; i++) {
                int c = i % COLUMNS;
                double y = (double) sums[i] * scales[i / COLUMNS] + bias[c];
                double expected = switch (kind) {
                    case STORE -> y;
                    case GELU -> y / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (y + 0.044715 * y * y * y)));
                    case ADD_GATED -> before[i] + gate[c] * y;
                };
                // BF16 rounds to 2^-8 at most, the GELU's power errs by 7.5e-5; F32 by some units of what is added.
                double bound = wide
                        ? 0x1p-22 * (Math.abs(before[i]) + Math.abs(gate[c] * y) + 1)
                        : Math.abs(expected) * (0x1p-8 + 2e-4) + 1e-30;
                assertThat((double) got[i])
                        .as("seed %d, element %d", SEED, i)
                        .isCloseTo(expected, org.assertj.core.api.Assertions.within(bound));
            }
        }
    }
}
