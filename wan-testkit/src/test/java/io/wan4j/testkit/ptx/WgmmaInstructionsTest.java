package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * wgmma m64n16 over a depth of 128 bytes. The tiles are put into shared memory by the test, as the figures of the PTX
 * document show them, and travel there with one bulk copy.
 */
class WgmmaInstructionsTest {
    private static final int N = 16;
    private static final int TILE_A = 8192;
    private static final int TILE_B = 8192;

    private final Random random = new Random(11);

    private record Setup(String types, int swizzle, boolean transB, boolean aInRegisters) {
        String a() {
            return types.split("\\.")[1];
        }

        int bytes() {
            return a().equals("bf16") || a().equals("f16") ? 2 : 1;
        }

        int depth() {
            return 128 / bytes();
        }

        int step() {
            return 32 / bytes();
        }
    }

    private int code(String type) {
        return switch (type) {
            case "bf16" -> SmallFloat.BF16.encode(random.nextGaussian());
            case "f16" -> SmallFloat.F16.encode(random.nextGaussian());
            case "e4m3" -> SmallFloat.E4M3.encode(random.nextGaussian());
            default -> random.nextInt(256);
        };
    }

    private static double value(String type, int code) {
        return switch (type) {
            case "bf16" -> SmallFloat.BF16.value(code);
            case "f16" -> SmallFloat.F16.value(code);
            case "e4m3" -> SmallFloat.E4M3.value(code);
            default -> (byte) code;
        };
    }

    /** Where byte {@code b} of row {@code row} of a K-major tile lies: spans of 8 rows, one tile of rows after the other. */
    private static int kMajor(int swizzle, int rows, int row, int b) {
        if (swizzle == 0) {
            // core matrices of 8 x 16 bytes, the next of k 128 bytes on, the next 8 rows after all of k
            return row / 8 * 1024 + b / 16 * 128 + row % 8 * 16 + b % 16;
        }
        int span = swizzle;
        int linear = b / span * rows * span + row * span + b % span;
        return linear ^ (linear >> 7 & span / 16 - 1) << 4;
    }

    private static long descriptor(int swizzle, boolean trans) {
        long mode = swizzle == 128 ? 1 : swizzle == 64 ? 2 : swizzle == 32 ? 3 : 0;
        long stride = swizzle == 0 ? 1024 : 8L * swizzle;
        long leading = swizzle == 0 ? 128 : 16;
        if (trans) {
            // spans along n, 8 of them along k in a row
            stride = 8L * swizzle;
            leading = 64L * swizzle;
        }
        return mode << 62 | stride / 16 << 32 | leading / 16 << 16;
    }

    @ParameterizedTest
    @CsvSource({
        "f32.bf16.bf16, 128, false, false", "f32.bf16.bf16, 64, false, false", "f32.bf16.bf16, 32, false, false",
        "f32.bf16.bf16, 0, false, false", "f32.bf16.bf16, 128, false, true", "f32.bf16.bf16, 32, true, false",
        "f32.f16.f16, 128, false, false", "f32.e4m3.e4m3, 128, false, false", "f32.e4m3.e4m3, 64, false, true",
        "s32.s8.s8, 128, false, false", "s32.s8.s8, 32, false, true",
    })
    void multipliesTilesOfSharedMemory(String types, int swizzle, boolean transB, boolean aInRegisters) {
        Setup setup = new Setup(types, swizzle, transB, aInRegisters);
        int depth = setup.depth();
        int e = setup.bytes();
        int[][] a = new int[64][depth];
        int[][] b = new int[N][depth];
        byte[] shared = new byte[TILE_A + TILE_B];
        ByteBuffer to = ByteBuffer.wrap(shared).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < 64; row++) {
            for (int i = 0; i < depth; i++) {
                a[row][i] = code(setup.a());
                put(to, kMajor(swizzle, 64, row, i * e), e, a[row][i]);
            }
        }
        for (int column = 0; column < N; column++) {
            for (int i = 0; i < depth; i++) {
                b[column][i] = code(setup.a());
                // trans with 32-byte spans: one span holds all 16 columns of one k
                int at = transB ? kMajor(32, depth, i, column * e) : kMajor(swizzle, N, column, i * e);
                put(to, TILE_A + at, e, b[column][i]);
            }
        }
        int[] in = new int[shared.length / 4 + 2048];
        to.asIntBuffer().get(in, 0, shared.length / 4);
        packA(setup, a, in, shared.length / 4);
        var result = Snippet.of(kernel(setup))
                .module(".extern .shared .align 1024 .b8 dyn[];")
                .shared(shared.length)
                .threads(128)
                .buffers(4 * in.length, 64 * N)
                .run(in);
        assertThat(result.report().findings()).isEmpty();
        assertCounts(result.report(), aInRegisters);
        for (int row = 0; row < 64; row++) {
            for (int column = 0; column < N; column++) {
                double expected = 0;
                for (int i = 0; i < depth; i++) {
                    expected += value(setup.a(), a[row][i]) * value(setup.a(), b[column][i]);
                }
                int thread = row / 16 * 32 + row % 8 * 4 + column % 8 / 2;
                int index = column / 8 * 4 + row % 16 / 8 * 2 + column % 2;
                int got = result.out()[thread * 8 + index];
                if (types.startsWith("s32")) {
                    assertThat(got).isEqualTo((int) expected);
                } else {
                    assertThat((double) Float.intBitsToFloat(got)).isCloseTo(expected, within(1e-4 * depth));
                }
            }
        }
    }

    /** A step reads two core matrices of depth for 8 rows of A each, 8 columns of B each: all banks once. */
    private static void assertCounts(LaunchReport report, boolean aInRegisters) {
        assertThat(report.sites())
                .filteredOn(site -> site.instruction().contains("mma_async"))
                .hasSize(4)
                .allSatisfy(site -> {
                    assertThat(site.sharedRequests()).isEqualTo(2 * (N / 8) + (aInRegisters ? 0 : 2 * (64 / 8)));
                    assertThat(site.bankConflicts()).isZero();
                });
    }

    private static void put(ByteBuffer to, int at, int bytes, int code) {
        if (bytes == 2) {
            to.putShort(at, (short) code);
        } else {
            to.put(at, (byte) code);
        }
    }

    /** Registers of A for each thread and step, as for mma m16n8k16 (k32 for bytes): 4 words, 16 a thread. */
    private static void packA(Setup setup, int[][] a, int[] in, int from) {
        int per = 4 / setup.bytes();
        for (int thread = 0; thread < 128; thread++) {
            for (int step = 0; step < 4; step++) {
                for (int q = 0; q < 4; q++) {
                    int row = thread / 32 * 16 + thread % 32 / 4 + 8 * (q & 1);
                    int k = step * setup.step() + thread % 4 * per + 4 * per * (q >> 1);
                    int word = 0;
                    for (int i = 0; i < per; i++) {
                        word |= a[row][k + i] << i * 8 * setup.bytes();
                    }
                    in[from + thread * 16 + step * 4 + q] = word;
                }
            }
        }
    }

    private static String kernel(Setup setup) {
        StringBuilder body = new StringBuilder("""
                .shared .align 8 .b8 bar[8];
                mov.u32 %i10, dyn; setp.eq.u32 %p0, %tid_, 0;
                @%p0 mbarrier.init.shared::cta.b64 [bar], 1;
                fence.mbarrier_init.release.cluster; bar.sync 0;
                @%p0 mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 16384;
                @%p0 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%i10], [%in], 16384, [bar];
                WAIT: mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar], 0;
                @!%p1 bra WAIT;
                mad.wide.u32 %l8, %tid_, 64, %in; mov.pred %p2, 0;
                cvt.u64.u32 %l0, %i10; shr.u64 %l0, %l0, 4;
                wgmma.fence.sync.aligned;
                """);
        String d = IntStream.range(0, 8).mapToObj(i -> "%r" + i).collect(Collectors.joining(", ", "{", "}"));
        for (int step = 0; step < 4; step++) {
            body.append("add.u64 %l1, %l0, ")
                    .append(descriptor(setup.swizzle(), false) + offset(setup, 64, step) / 16)
                    .append(";\n");
            long b = setup.transB() ? setup.step() * 32 : offset(setup, N, step);
            body.append("add.u64 %l2, %l0, ")
                    .append(descriptor(setup.swizzle(), setup.transB()) + (TILE_A + b) / 16)
                    .append(";\n");
            if (setup.transB()) {
                body.append("add.u64 %l2, %l2, ")
                        .append((step - 1L) * setup.step() * 32 / 16)
                        .append(";\n");
            }
            String left = "%l1";
            if (setup.aInRegisters()) {
                left = "{%r20, %r21, %r22, %r23}";
                body.append("ld.global.v4.b32 " + left + ", [%l8+" + (16384 + 16 * step) + "];\n");
            }
            boolean bytes = setup.bytes() == 1;
            String tail = setup.types().startsWith("s32")
                    ? ""
                    : bytes
                            ? ", 1, 1"
                            : setup.aInRegisters() ? ", 1, 1, " + trans(setup) : ", 1, 1, 0, " + trans(setup);
            body.append("wgmma.mma_async.sync.aligned.m64n16k" + setup.step() + "." + setup.types() + " " + d + ", "
                    + left + ", %l2, %p2" + tail + ";\nmov.pred %p2, 1;\n");
        }
        body.append("""
                wgmma.commit_group.sync.aligned;
                wgmma.wait_group.sync.aligned 0;
                mad.wide.u32 %l9, %tid_, 32, %out;
                st.global.v4.b32 [%l9], {%r0, %r1, %r2, %r3};
                st.global.v4.b32 [%l9+16], {%r4, %r5, %r6, %r7};
                """);
        return body.toString();
    }

    private static int trans(Setup setup) {
        return setup.transB() ? 1 : 0;
    }

    /** Bytes from one step of 32 bytes of k to the first. */
    private static long offset(Setup setup, int rows, int step) {
        int b = 32 * step;
        return setup.swizzle() == 0 ? b / 16 * 128 : b / setup.swizzle() * rows * setup.swizzle() + b % setup.swizzle();
    }

    @Test
    void sharedMemoryMustNotChangeBeforeTheWait() {
        String body = """
                mov.u32 %i10, dyn; mad.lo.u32 %i11, %tid_, 16, %i10;
                st.shared.v4.b32 [%i11], {0, 0, 0, 0}; st.shared.v4.b32 [%i11+2048], {0, 0, 0, 0};
                st.shared.v4.b32 [%i11+4096], {0, 0, 0, 0}; st.shared.v4.b32 [%i11+6144], {0, 0, 0, 0};
                fence.proxy.async.shared::cta; bar.sync 0;
                cvt.u64.u32 %l0, %i10; shr.u64 %l0, %l0, 4; add.u64 %l0, %l0, DESCRIPTOR;
                mov.pred %p2, 0; wgmma.fence.sync.aligned;
                wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%r0, %r1, %r2, %r3}, %l0, %l0, %p2, 1, 1, 0, 0;
                wgmma.commit_group.sync.aligned;
                """.replace("DESCRIPTOR", "" + descriptor(128, false));
        String wait = "wgmma.wait_group.sync.aligned 0;";
        String write = "bar.sync 0; st.shared.v4.b32 [%i11], {1, 1, 1, 1};";
        assertThat(run(body + wait + write).report().findings()).isEmpty();
        assertThat(run(body + write + wait).report().findings())
                .extracting(Finding::kind)
                .contains(Finding.Kind.RACE);
        assertThat(run(body.replace("fence.proxy.async.shared::cta;", "") + wait)
                        .report()
                        .findings())
                .extracting(Finding::kind)
                .containsOnly(Finding.Kind.RACE);
    }

    private static Snippet.Result run(String body) {
        return Snippet.of(body + "mov.u32 %d, 0;")
                .module(".extern .shared .align 1024 .b8 dyn[];")
                .shared(8192)
                .threads(128)
                .run(new int[384]);
    }
}
