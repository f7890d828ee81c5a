package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** mbarrier, bulk copies and bulk tensor copies. */
class BulkCopyTest {
    private static final String MODULE = ".extern .shared .align 1024 .b8 dyn[];";

    private static final String SET_UP = """
            .shared .align 8 .b8 bar[8];
            mov.u32 %i10, dyn; setp.eq.u32 %p0, %tid_, 0;
            @%p0 mbarrier.init.shared::cta.b64 [bar], 1;
            fence.mbarrier_init.release.cluster;
            bar.sync 0;
            """;

    private static final String WAIT = """
            WAIT: mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar], 0;
            @!%p1 bra WAIT;
            """;

    /** Thread i copies 4 bytes from offset 4 i of shared memory to out. */
    private static final String SHOW = """
            mad.lo.u32 %i11, %tid_, 4, %i10; ld.shared.u32 %i12, [%i11];
            mad.wide.u32 %l9, %tid_, 4, %out; st.global.u32 [%l9], %i12;
            """;

    private static final String EXPECT = "@%p0 mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], BYTES;";

    private static final String LOAD_TENSOR =
            "@%p0 cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%i10], [%in, {X, Y}], [bar];";

    private static Snippet.Result run(String body, int threads, int outInts, int... in) {
        return Snippet.of(body)
                .module(MODULE)
                .shared(8192)
                .threads(threads)
                .buffers(8192, outInts)
                .run(in);
    }

    /** The counts of the only bulk copy. */
    private static LaunchReport.Site copy(Snippet.Result result) {
        return result.report().sites().stream()
                .filter(site -> site.instruction().contains("cp.async.bulk"))
                .reduce((a, b) -> {
                    throw new AssertionError("expected one bulk copy");
                })
                .orElseThrow();
    }

    @Test
    void bulkCopiesArriveAtTheirBarrier() {
        String load = EXPECT.replace("BYTES", "256")
                + "@%p0 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%i10], [%in], 256, [bar];";
        int[] in = IntStream.range(100, 164).toArray();
        var result = run(SET_UP + load + WAIT + SHOW, 64, 64, in);
        assertThat(result.report().findings()).isEmpty();
        assertThat(result.out()).isEqualTo(in);
        LaunchReport.Site copy = copy(result);
        assertThat(copy.globalBytes()).isEqualTo(256);
        assertThat(copy.sectors()).isEqualTo(8);
        assertThat(copy.idealSectors()).isEqualTo(8);
        var early = run(SET_UP + load + SHOW + WAIT, 64, 64, in);
        assertThat(early.report().findings()).extracting(Finding::kind).contains(Finding.Kind.RACE);
    }

    @Test
    void bulkStoresNeedAProxyFence() {
        String fill = SET_UP + "mad.lo.u32 %i11, %tid_, 4, %i10; st.shared.u32 [%i11], %tid_;";
        String store = "@%p0 cp.async.bulk.global.shared::cta.bulk_group [%out], [%i10], 256;"
                + "@%p0 cp.async.bulk.commit_group; @%p0 cp.async.bulk.wait_group.read 0;";
        var result = run(fill + "fence.proxy.async.shared::cta; bar.sync 0;" + store, 64, 64);
        assertThat(result.report().findings()).isEmpty();
        assertThat(result.out()).isEqualTo(IntStream.range(0, 64).toArray());
        var bug = run(fill + "bar.sync 0;" + store, 64, 64);
        assertThat(bug.report().findings()).extracting(Finding::kind).containsOnly(Finding.Kind.RACE);
        assertThat(bug.report().findings().get(0).message()).contains("fence.proxy.async");
    }

    @Test
    void sharedMemoryMustNotChangeWhileABulkStoreReadsIt() {
        String fill = SET_UP + """
                mad.lo.u32 %i11, %tid_, 4, %i10; st.shared.u32 [%i11], %tid_; fence.proxy.async.shared::cta; bar.sync 0;
                @%p0 cp.async.bulk.global.shared::cta.bulk_group [%out], [%i10], 256;
                @%p0 cp.async.bulk.commit_group;
                """;
        String wait = "@%p0 cp.async.bulk.wait_group.read 0;";
        String change = "bar.sync 0; st.shared.u32 [%i11], 7;";
        assertThat(run(fill + wait + change, 64, 64).report().findings()).isEmpty();
        assertThat(run(fill + change + wait, 64, 64).report().findings())
                .extracting(Finding::kind)
                .containsOnly(Finding.Kind.RACE);
    }

    /** The tensor map goes first into the input buffer, the tensor [rows, columns] of shorts follows at byte 1024. */
    private static int[] tensor(TensorMap.Swizzle swizzle, int columns, int rows, int boxColumns, int boxRows) {
        byte[] bytes = new byte[8192];
        TensorMap map = new TensorMap(
                2,
                DeviceMemory.FIRST + 1024,
                new long[] {columns, rows},
                new long[] {2L * columns},
                new int[] {boxColumns, boxRows},
                swizzle,
                false);
        System.arraycopy(map.encode(), 0, bytes, 0, 128);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < rows * columns; i++) {
            buffer.putShort(1024 + 2 * i, (short) (i / columns * 100 + i % columns + 1));
        }
        int[] in = new int[2048];
        buffer.asIntBuffer().get(in);
        return in;
    }

    private static int half(int[] words, int index) {
        return words[index / 2] >>> 16 * (index & 1) & 0xffff;
    }

    @Test
    void boxesThatPassTheEdgeAreFilledWithZeros() {
        int[] in = tensor(TensorMap.Swizzle.NONE, 16, 10, 8, 4);
        String load =
                EXPECT.replace("BYTES", "64") + LOAD_TENSOR.replace("X", "12").replace("Y", "-1");
        var result = run(SET_UP + load + WAIT + SHOW, 16, 16, in);
        assertThat(result.report().findings()).isEmpty();
        for (int row = 0; row < 4; row++) {
            for (int column = 0; column < 8; column++) {
                boolean inside = row > 0 && column < 4;
                assertThat(half(result.out(), row * 8 + column))
                        .isEqualTo(inside ? (row - 1) * 100 + 12 + column + 1 : 0);
            }
        }
        assertThat(copy(result).globalBytes()).isEqualTo(3 * 4 * 2);
        assertThat(copy(result).sectors()).isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource(TensorMap.Swizzle.class)
    void swizzlesPermuteSixteenBytePieces(TensorMap.Swizzle swizzle) {
        int columns = swizzle.span() / 2;
        int[] in = tensor(swizzle, columns, 16, columns, 16);
        int bytes = 16 * columns * 2;
        String load = EXPECT.replace("BYTES", "" + bytes)
                + LOAD_TENSOR.replace("X", "0").replace("Y", "0");
        var result = run(SET_UP + load + WAIT + SHOW, bytes / 4, bytes / 4, in);
        assertThat(result.report().findings()).isEmpty();
        int pieces = swizzle.span() / 16;
        for (int row = 0; row < 16; row++) {
            // rows per 128 bytes share one pattern: the piece is xored with the number of the 128-byte line
            int line = row * swizzle.span() / 128;
            for (int piece = 0; piece < pieces; piece++) {
                int at = row * columns + (piece ^ line % pieces) * 8;
                assertThat(half(result.out(), at)).isEqualTo(row * 100 + piece * 8 + 1);
            }
        }
    }

    @Test
    void tensorStoresWriteOnlyInside() {
        int[] in = tensor(TensorMap.Swizzle.NONE, 16, 10, 8, 4);
        String body = SET_UP + """
                mad.lo.u32 %i11, %tid_, 4, %i10; st.shared.u32 [%i11], 0x00070007; fence.proxy.async.shared::cta; bar.sync 0;
                @%p0 cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%in, {12, 8}], [%i10];
                @%p0 cp.async.bulk.commit_group; @%p0 cp.async.bulk.wait_group 0; bar.sync 0;
                mad.wide.u32 %l0, %tid_, 4, %in; ld.global.u32 %i12, [%l0+1280];
                mad.wide.u32 %l9, %tid_, 4, %out; st.global.u32 [%l9], %i12;
                """;
        var result = run(body, 16, 16, in);
        assertThat(result.report().findings()).isEmpty();
        for (int i = 0; i < 32; i++) {
            int row = 8 + i / 16;
            int column = i % 16;
            assertThat(half(result.out(), i)).isEqualTo(column >= 12 ? 7 : row * 100 + column + 1);
        }
    }

    @Test
    void anUninitialisedBarrierIsFound() {
        String body = ".shared .align 8 .b8 bar[8]; mbarrier.arrive.shared::cta.b64 %l0, [bar];";
        assertThat(run(body, 32, 32).report().findings())
                .extracting(Finding::kind)
                .containsExactly(Finding.Kind.INVALID_OPERAND);
    }

    @Test
    void aBarrierThatNobodyCompletesIsADeadlock() {
        assertThat(run(SET_UP + WAIT, 32, 32).report().findings())
                .extracting(Finding::kind)
                .containsExactly(Finding.Kind.DEADLOCK);
    }

    @Test
    void otherBytesThanATensorMapAreFound() {
        String load = LOAD_TENSOR.replace("X", "0").replace("Y", "0");
        assertThat(run(SET_UP + load, 32, 32).report().findings())
                .extracting(Finding::kind)
                .containsExactly(Finding.Kind.INVALID_OPERAND);
    }

    @Test
    void producersAndConsumersOrderThroughPhases() {
        // warp 0 fills a slot twice, warp 1 reads it twice: full and empty barriers
        String body = """
                .shared .align 8 .b8 full[8]; .shared .align 8 .b8 empty[8]; .shared .align 16 .b8 slot[128];
                setp.eq.u32 %p0, %tid_, 0;
                @%p0 mbarrier.init.shared::cta.b64 [full], 32;
                @%p0 mbarrier.init.shared::cta.b64 [empty], 32;
                bar.sync 0;
                and.b32 %i3, %tid_, 31; mov.u32 %i4, slot; mad.lo.u32 %i4, %i3, 4, %i4; mov.u32 %i5, 0; mov.u32 %i8, 0;
                setp.lt.u32 %p1, %tid_, 32;
                @!%p1 bra CONSUME;
                PRODUCE: and.b32 %i6, %i5, 1; xor.b32 %i7, %i6, 1;
                W0: mbarrier.try_wait.parity.shared::cta.b64 %p2, [empty], %i7; @!%p2 bra W0;
                mad.lo.u32 %i9, %i5, 100, %i3; st.shared.u32 [%i4], %i9;
                mbarrier.arrive.shared::cta.b64 _, [full];
                add.u32 %i5, %i5, 1; setp.lt.u32 %p3, %i5, 2; @%p3 bra PRODUCE;
                bra DONE;
                CONSUME: and.b32 %i6, %i5, 1;
                W1: mbarrier.try_wait.parity.shared::cta.b64 %p2, [full], %i6; @!%p2 bra W1;
                ld.shared.u32 %i9, [%i4]; add.u32 %i8, %i8, %i9;
                mbarrier.arrive.shared::cta.b64 _, [empty];
                add.u32 %i5, %i5, 1; setp.lt.u32 %p3, %i5, 2; @%p3 bra CONSUME;
                DONE: mad.wide.u32 %l9, %tid_, 4, %out; st.global.u32 [%l9], %i8;
                """;
        var result = run(body, 64, 64);
        assertThat(result.report().findings()).isEmpty();
        assertThat(result.out())
                .isEqualTo(IntStream.range(0, 64)
                        .map(i -> i < 32 ? 0 : 100 + 2 * (i - 32))
                        .toArray());
        String read = "ld.shared.u32 %i9, [%i4]; add.u32 %i8, %i8, %i9;";
        String release = "mbarrier.arrive.shared::cta.b64 _, [empty];";
        var bug = run(body.replace(read, release).replace(release + "\n" + release, release + "\n" + read), 64, 64);
        assertThat(bug.report().findings()).extracting(Finding::kind).contains(Finding.Kind.RACE);
    }

    @Test
    void tensorMapsSurviveTheirDescriptor() {
        TensorMap map = new TensorMap(
                1,
                0x700000400L,
                new long[] {64, 1L << 32, 7},
                new long[] {64, 1L << 38},
                new int[] {64, 256, 1},
                TensorMap.Swizzle.B64,
                true);
        TensorMap back = TensorMap.decode(map.encode());
        assertThat(back.encode()).isEqualTo(map.encode());
        assertThat(back.extents()).containsExactly(64, 1L << 32, 7);
        assertThat(back.boxBytes()).isEqualTo(64 * 256);
        assertThatThrownBy(() -> new TensorMap(
                        2,
                        16,
                        new long[] {64, 64},
                        new long[] {128},
                        new int[] {128, 8},
                        TensorMap.Swizzle.B128,
                        false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("256 bytes");
    }
}
