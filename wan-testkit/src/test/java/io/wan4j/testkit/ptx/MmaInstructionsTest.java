package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fragment layouts written down from the figures of the PTX document, element by element. */
class MmaInstructionsTest {
    private static final int M = 16;
    private static final int N = 8;

    private final Random random = new Random(7);

    /** A type of elements: random codes, their values, and where element i of a lane stands. */
    private record Elements(String name, int bits, int k) {
        int perRegister() {
            return 32 / bits;
        }

        int aRow(int i, int lane) {
            int group = lane / 4;
            return switch (bits + "x" + k) {
                case "16x16" -> i < 2 || i >= 4 && i < 6 ? group : group + 8;
                case "16x8" -> i < 2 ? group : group + 8;
                case "8x32" -> i < 4 || i >= 8 && i < 12 ? group : group + 8;
                case "8x16" -> i < 4 ? group : group + 8;
                case "32x8" -> i == 0 || i == 2 ? group : group + 8;
                default -> throw new IllegalArgumentException(name);
            };
        }

        int aColumn(int i, int lane) {
            int thread = lane % 4;
            return switch (bits + "x" + k) {
                case "16x16" -> thread * 2 + (i & 1) + (i < 4 ? 0 : 8);
                case "16x8" -> thread * 2 + (i & 1);
                case "8x32" -> thread * 4 + (i & 3) + (i < 8 ? 0 : 16);
                case "8x16" -> thread * 4 + (i & 3);
                case "32x8" -> i < 2 ? thread : thread + 4;
                default -> throw new IllegalArgumentException(name);
            };
        }

        int bRow(int i, int lane) {
            int thread = lane % 4;
            return switch (bits + "x" + k) {
                case "16x16" -> thread * 2 + (i & 1) + (i < 2 ? 0 : 8);
                case "16x8" -> thread * 2 + (i & 1);
                case "8x32" -> thread * 4 + (i & 3) + (i < 4 ? 0 : 16);
                case "8x16" -> thread * 4 + (i & 3);
                case "32x8" -> i == 0 ? thread : thread + 4;
                default -> throw new IllegalArgumentException(name);
            };
        }

        double value(int code) {
            return switch (name) {
                case "s8" -> (byte) code;
                case "u8" -> code;
                case "f16" -> SmallFloat.F16.value(code);
                case "bf16" -> Float.intBitsToFloat(code << 16);
                case "e4m3" -> SmallFloat.E4M3.value(code);
                case "e5m2" -> SmallFloat.E5M2.value(code);
                default -> Float.intBitsToFloat(code);
            };
        }
    }

    private int code(Elements e) {
        return switch (e.name()) {
            case "s8", "u8" -> random.nextInt(256);
            case "f16" -> SmallFloat.F16.encode(random.nextGaussian());
            case "bf16" -> SmallFloat.BF16.encode(random.nextGaussian());
            case "e4m3" -> SmallFloat.E4M3.encode(random.nextGaussian());
            case "e5m2" -> SmallFloat.E5M2.encode(random.nextGaussian());
            default -> Float.floatToRawIntBits((float) random.nextGaussian()) & ~0x1fff;
        };
    }

    private int[][] codes(int rows, int columns, Elements e) {
        int[][] codes = new int[rows][columns];
        for (int[] row : codes) {
            for (int i = 0; i < columns; i++) {
                row[i] = code(e);
            }
        }
        return codes;
    }

    @ParameterizedTest
    @CsvSource({
        "m16n8k16, f32.bf16.bf16.f32", "m16n8k16, f32.f16.f16.f32", "m16n8k8, f32.bf16.bf16.f32",
                "m16n8k8, f32.f16.f16.f32",
        "m16n8k8, f32.tf32.tf32.f32", "m16n8k32, f32.e4m3.e4m3.f32", "m16n8k32, f32.e5m2.e4m3.f32",
                "m16n8k32, f32.e4m3.e5m2.f32",
        "m16n8k32, s32.s8.s8.s32", "m16n8k32, s32.u8.s8.s32", "m16n8k32, s32.u8.u8.s32", "m16n8k16, s32.s8.s8.s32",
    })
    void multipliesAndAdds(String shape, String types) {
        String[] names = types.split("\\.");
        int k = Integer.parseInt(shape.substring(6));
        Elements ea = new Elements(names[1], bits(names[1]), k);
        Elements eb = new Elements(names[2], bits(names[2]), k);
        int[][] a = codes(M, k, ea);
        int[][] b = codes(k, N, eb);
        boolean integer = names[0].equals("s32");
        double[][] c = new double[M][N];
        for (double[] row : c) {
            for (int j = 0; j < N; j++) {
                row[j] = integer ? random.nextInt(1000) - 500 : (float) random.nextGaussian();
            }
        }
        int[] in = new int[32 * 10];
        for (int lane = 0; lane < 32; lane++) {
            pack(ea, M * k / 32, in, lane * 10, a, lane, true);
            pack(eb, N * k / 32, in, lane * 10 + 4, b, lane, false);
            for (int i = 0; i < 4; i++) {
                double value = c[lane / 4 + 8 * (i / 2)][lane % 4 * 2 + i % 2];
                in[lane * 10 + 6 + i] = integer ? (int) value : Float.floatToRawIntBits((float) value);
            }
        }
        int aRegisters = M * k * ea.bits() / 32 / 32;
        String body = """
                mul.wide.u32 %%l0, %%tid_, 40; add.u64 %%l0, %%l0, %%in;
                ld.global.b32 %%r0, [%%l0]; ld.global.b32 %%r1, [%%l0+4]; ld.global.b32 %%r2, [%%l0+8];
                ld.global.b32 %%r3, [%%l0+12]; ld.global.b32 %%r4, [%%l0+16]; ld.global.b32 %%r5, [%%l0+20];
                ld.global.b32 %%r6, [%%l0+24]; ld.global.b32 %%r7, [%%l0+28]; ld.global.b32 %%r8, [%%l0+32];
                ld.global.b32 %%r9, [%%l0+36];
                mma.sync.aligned.%s.row.col.%s {%%r6, %%r7, %%r8, %%r9}, {%s}, {%s}, {%%r6, %%r7, %%r8, %%r9};
                mul.wide.u32 %%l1, %%tid_, 16; add.u64 %%l1, %%l1, %%out;
                st.global.v4.b32 [%%l1], {%%r6, %%r7, %%r8, %%r9};
                """.formatted(
                        shape,
                        types,
                        aRegisters == 4 ? "%r0, %r1, %r2, %r3" : "%r0, %r1",
                        aRegisters == 4 ? "%r4, %r5" : "%r4");
        var result = Snippet.of(body).buffers(4 * in.length, 128).run(in);
        assertThat(result.report().findings()).isEmpty();
        for (int lane = 0; lane < 32; lane++) {
            for (int i = 0; i < 4; i++) {
                int row = lane / 4 + 8 * (i / 2);
                int column = lane % 4 * 2 + i % 2;
                double expected = c[row][column];
                for (int x = 0; x < k; x++) {
                    expected += ea.value(a[row][x]) * eb.value(b[x][column]);
                }
                int got = result.out()[lane * 4 + i];
                if (integer) {
                    assertThat(got).isEqualTo((int) expected);
                } else {
                    assertThat((double) Float.intBitsToFloat(got)).isCloseTo(expected, within(1e-5 * k));
                }
            }
        }
    }

    private static int bits(String type) {
        return switch (type) {
            case "f16", "bf16" -> 16;
            case "tf32" -> 32;
            default -> 8;
        };
    }

    private static void pack(Elements e, int count, int[] in, int at, int[][] matrix, int lane, boolean isA) {
        for (int i = 0; i < count; i++) {
            int code = isA ? matrix[e.aRow(i, lane)][e.aColumn(i, lane)] : matrix[e.bRow(i, lane)][lane / 4];
            in[at + i / e.perRegister()] |= code << i % e.perRegister() * e.bits();
        }
    }

    @ParameterizedTest
    @CsvSource({"m16n8k16, f16.f16, 16", "m16n8k32, e4m3.e4m3, 32"})
    void halfAccumulatorsRoundToHalf(String shape, String types, int k) {
        // all ones: every result is c + k
        String one = types.startsWith("f16") ? "0x3c003c00" : "0x38383838";
        String body = """
                mov.b32 %%r0, %s; mov.b32 %%r1, 0x68003c00;
                mma.sync.aligned.%s.row.col.f16.%s.f16 {%%r2, %%d}, {%%r0, %%r0, %%r0, %%r0}, {%%r0, %%r0}, {%%r1, %%r1};
                """.formatted(one, shape, types);
        int got = Snippet.of(body).of(0, 0, 0);
        assertThat(SmallFloat.F16.value(got & 0xffff)).isEqualTo(1f + k);
        assertThat(SmallFloat.F16.value(got >>> 16)).isEqualTo(2048f + k);
    }
}
