package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MemoryInstructionsTest {
    private static int[] clean(Snippet snippet, int... in) {
        Snippet.Result result = snippet.run(in);
        assertThat(result.report().findings()).isEmpty();
        return result.out();
    }

    @Test
    void vectorsLoadAndStoreInOrder() {
        String body = """
                mul.wide.u32 %l0, %tid_, 16;
                add.u64 %l1, %in, %l0; add.u64 %l2, %out, %l0;
                ld.global.nc.L1::no_allocate.L2::128B.v4.u32 {%i3, %i4, %i5, %i6}, [%l1];
                st.global.v2.b32 [%l2], {%i6, %i5};
                st.global.v2.b32 [%l2+8], {%i4, %i3};
                """;
        int[] in = IntStream.range(0, 128).toArray();
        assertThat(clean(Snippet.of(body).buffers(512, 128), in))
                .isEqualTo(
                        IntStream.range(0, 128).map(i -> i / 4 * 4 + 3 - i % 4).toArray());
    }

    @Test
    void bytesAndHalvesExtendAsTheirTypeSays() {
        String body = """
                .shared .align 8 .b8 buffer[1024];
                mov.u32 %i3, buffer; shl.b32 %i4, %tid_, 3; add.u32 %i3, %i3, %i4;
                st.shared.u32 [%i3], -2;
                ld.shared.s8 %i5, [%i3]; ld.shared.u8 %i6, [%i3]; ld.shared.s16 %h1, [%i3]; ld.shared.s16 %i7, [%i3];
                cvt.u32.u16 %i8, %h1;
                add.u32 %d, %i5, %i6; add.u32 %d, %d, %i7; add.u32 %d, %d, %i8;
                st.shared.u8 [%i3+4], 300; ld.shared.u8 %i9, [%i3+4]; add.u32 %d, %d, %i9;
                """;
        assertThat(clean(Snippet.of(body), new int[96])).containsOnly(-2 + 254 - 2 + 65534 + 44);
    }

    @Test
    void localMemoryIsEachThreadsOwn() {
        String body = """
                .local .align 8 .b8 depot[64];
                .reg .b64 sp, spl;
                mov.u64 spl, depot; cvta.local.u64 sp, spl;
                st.local.u32 [spl+8], %tid_;
                st.u32 [sp+12], 5;
                ld.u32 %i3, [sp+8]; ld.local.u32 %i4, [spl+12];
                add.u32 %d, %i3, %i4;
                """;
        assertThat(clean(Snippet.of(body), new int[96]))
                .isEqualTo(IntStream.range(0, 32).map(i -> i + 5).toArray());
    }

    @Test
    void genericAddressesReachSharedMemoryAndModuleVariables() {
        String module = ".global .align 4 .u32 table[4] = {7, 8, 9, 10}; .const .align 4 .b8 c[4] = {1, 2, 0, 0};";
        String body = """
                .shared .align 4 .b8 buffer[128];
                mov.u64 %l0, buffer; cvta.shared.u64 %l0, %l0;
                mul.wide.u32 %l1, %tid_, 4; add.u64 %l0, %l0, %l1;
                st.u32 [%l0], %tid_;
                ld.u32 %i3, [%l0];
                and.b32 %i4, %tid_, 3; mul.wide.u32 %l2, %i4, 4; mov.u64 %l3, table; add.u64 %l3, %l3, %l2;
                ld.global.u32 %i5, [%l3]; ld.const.u32 %i6, [c];
                add.u32 %d, %i3, %i5; add.u32 %d, %d, %i6;
                isspacep.shared %p0, %l0; @!%p0 mov.u32 %d, 0;
                cvta.to.shared.u64 %l4, %l0; cvt.u32.u64 %i7, %l4; ld.shared.u32 %i8, [%i7];
                setp.ne.u32 %p1, %i8, %tid_; @%p1 mov.u32 %d, 0;
                """;
        assertThat(clean(Snippet.of(body).module(module), new int[96]))
                .isEqualTo(IntStream.range(0, 32).map(i -> i + 7 + i % 4 + 513).toArray());
    }

    @Test
    void dynamicSharedMemoryFollowsStatic() {
        String body = """
                .shared .align 4 .b8 fixed[12];
                mov.u32 %i3, fixed; mov.u32 %i4, dyn; sub.u32 %i5, %i4, %i3;
                setp.eq.u32 %p0, %tid_, 0; @%p0 st.shared.u32 [fixed], 1;
                mov.u32 %d, %i5; mov.u32 %i6, %dynamic_smem_size; add.u32 %d, %d, %i6;
                """;
        Snippet snippet =
                Snippet.of(body).module(".extern .shared .align 128 .b8 dyn[];").shared(256);
        assertThat(clean(snippet, new int[96])).containsOnly(128 + 256);
    }

    @Test
    void atomicsReturnTheOldValue() {
        String body = """
                .shared .align 4 .b8 cell[16];
                mov.u32 %i3, cell; setp.eq.u32 %p0, %tid_, 0;
                @%p0 st.shared.v4.u32 [cell], {0, 100, 7, 0};
                bar.sync 0;
                atom.shared.add.u32 %i4, [cell], 2;
                atom.shared.max.s32 %i5, [cell+4], %tid_;
                atom.shared.cas.b32 %i6, [cell+8], 7, 9;
                red.shared.add.f32 [cell+12], 0f3F800000;
                bar.sync 0;
                ld.shared.u32 %i7, [cell]; ld.shared.u32 %i8, [cell+4]; ld.shared.u32 %i9, [cell+8];
                ld.shared.f32 %f1, [cell+12]; cvt.rzi.u32.f32 %i10, %f1;
                shl.b32 %i7, %i7, 16; add.u32 %d, %i7, %i8; shl.b32 %i9, %i9, 8; add.u32 %d, %d, %i9; add.u32 %d, %d, %i10;
                sub.u32 %d, %d, %i4; add.u32 %i11, %tid_, %tid_; add.u32 %d, %d, %i11;
                """;
        assertThat(clean(Snippet.of(body), new int[96])).containsOnly((64 << 16) + 100 + (9 << 8) + 32);
    }

    @Test
    void cpAsyncCopiesAndFillsWithZeros() {
        String body = """
                .shared .align 16 .b8 buffer[512];
                mov.u32 %i3, buffer; shl.b32 %i4, %tid_, 4; add.u32 %i3, %i3, %i4;
                mul.wide.u32 %l0, %tid_, 16; add.u64 %l0, %l0, %in;
                and.b32 %i5, %tid_, 1; shl.b32 %i5, %i5, 3;
                cp.async.cg.shared.global [%i3], [%l0], 16, %i5;
                cp.async.commit_group;
                cp.async.wait_group 0;
                ld.shared.v4.u32 {%i6, %i7, %i8, %i9}, [%i3];
                mul.wide.u32 %l1, %tid_, 16; add.u64 %l1, %l1, %out;
                st.global.v4.u32 [%l1], {%i6, %i7, %i8, %i9};
                """;
        int[] in = IntStream.range(1, 129).toArray();
        assertThat(clean(Snippet.of(body).buffers(512, 128), in))
                .isEqualTo(IntStream.range(0, 128)
                        .map(i -> i / 4 % 2 == 1 && i % 4 < 2 ? i + 1 : 0)
                        .toArray());
    }

    @Test
    void countsBankConflictsAndSectors() {
        String body = """
                .shared .align 16 .b8 buffer[4096];
                mov.u32 %i3, buffer;
                mad.lo.u32 %i4, %tid_, 4, %i3; st.shared.u32 [%i4], 1;
                mad.lo.u32 %i5, %tid_, 128, %i3; st.shared.u32 [%i5], 2;
                mad.lo.u32 %i6, %tid_, 16, %i3; st.shared.v4.u32 [%i6], {1, 2, 3, 4};
                mad.lo.u32 %i7, %tid_, 8, %i3; st.shared.u32 [%i7], 5;
                mul.wide.u32 %l0, %tid_, 64; add.u64 %l0, %l0, %in; ld.global.u32 %d, [%l0];
                mul.wide.u32 %l1, %tid_, 4; add.u64 %l1, %l1, %out; st.global.u32 [%l1], %d;
                """;
        var options = new SimulatorOptions(false, false, true, 1);
        var sites = Snippet.of(body)
                .buffers(2048, 32)
                .options(options)
                .run()
                .report()
                .sites();
        assertThat(sites.stream().map(LaunchReport.Site::bankConflicts)).containsExactly(0L, 31L, 0L, 1L, 0L, 0L);
        assertThat(sites.stream().map(LaunchReport.Site::wavefronts)).containsExactly(1L, 32L, 4L, 2L, 0L, 0L);
        assertThat(sites.stream().map(LaunchReport.Site::sectors)).containsExactly(0L, 0L, 0L, 0L, 32L, 4L);
        assertThat(sites.stream().map(LaunchReport.Site::idealSectors)).containsExactly(0L, 0L, 0L, 0L, 4L, 4L);
        assertThat(sites.stream().map(LaunchReport.Site::width)).containsExactly(4, 4, 16, 4, 4, 4);
    }
}
