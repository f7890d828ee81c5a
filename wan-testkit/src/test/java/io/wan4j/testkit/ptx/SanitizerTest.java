package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** For each class of mistakes a kernel that makes it, and its twin that does not. */
class SanitizerTest {
    private static final String OWN_CELL = """
            .shared .align 16 .b8 buffer[2048];
            mov.u32 %i3, buffer; mad.lo.u32 %i4, %tid_, 4, %i3;
            """;

    private static void caught(Finding.Kind kind, Snippet snippet) {
        var findings = snippet.run(new int[3 * 1024]).report().findings();
        assertThat(findings).extracting(Finding::kind).contains(kind);
        assertThat(findings).allSatisfy(finding -> {
            assertThat(finding.kernel()).isEqualTo("snippet");
            assertThat(finding.line()).isPositive();
            assertThat(finding.instruction()).isNotBlank();
        });
    }

    private static void clean(Snippet snippet) {
        assertThat(snippet.run(new int[3 * 1024]).report().findings()).isEmpty();
    }

    @Nested
    class OutOfBounds {
        @Test
        void globalReadPastTheEnd() {
            Snippet bug = Snippet.of("ld.global.u32 %d, [%in+384];");
            caught(Finding.Kind.OUT_OF_BOUNDS, bug);
            clean(Snippet.of("ld.global.u32 %d, [%in+380];"));
        }

        @Test
        void namesThreadAndAddress() {
            var findings = Snippet.of("mad.wide.u32 %l0, %tid_, 16, %in; ld.global.u32 %d, [%l0];")
                    .run()
                    .report()
                    .findings();
            assertThat(findings).hasSize(1);
            assertThat(findings.get(0).thread()).isEqualTo(new Grid.Index(24, 0, 0));
            assertThat(findings.get(0).count()).isEqualTo(8);
            assertThat(findings.get(0).message()).contains("past the end of the allocation of 384 bytes");
        }

        @Test
        void globalWriteBeforeTheStart() {
            caught(Finding.Kind.OUT_OF_BOUNDS, Snippet.of("mov.u32 %d, 1; st.global.u32 [%out+-4], %d;"));
        }

        @Test
        void sharedMemory() {
            caught(
                    Finding.Kind.OUT_OF_BOUNDS,
                    Snippet.of(
                            ".shared .align 4 .b8 s[128]; mov.u32 %i3, s; mad.lo.u32 %i3, %tid_, 8, %i3; mov.u32 %d, 0; st.shared.u32 [%i3], 1;"));
            clean(
                    Snippet.of(
                            ".shared .align 4 .b8 s[256]; mov.u32 %i3, s; mad.lo.u32 %i3, %tid_, 8, %i3; mov.u32 %d, 0; st.shared.u32 [%i3], 1;"));
        }

        @Test
        void localMemory() {
            caught(
                    Finding.Kind.OUT_OF_BOUNDS,
                    Snippet.of(
                            ".local .align 4 .b8 depot[16]; mov.u64 %l0, depot; mov.u32 %d, 0; st.local.u32 [%l0+16], 1;"));
        }

        @Test
        void memoryAfterItsRelease() {
            SimulatedGpu gpu = SimulatedGpu.ofBytes(1 << 20);
            String ptx = """
                    .version 9.0
                    .target sm_89
                    .address_size 64
                    .visible .entry k(.param .u64 p) { .reg .b64 %l; .reg .b32 %r;
                      ld.param.u64 %l, [p]; mov.u32 %r, 1; st.global.u32 [%l], %r; ret; }
                    """;
            PtxFunction kernel = PtxModule.parse(ptx).function("k");
            long address = gpu.allocate(4);
            byte[] parameters = new byte[8];
            Bytes.putLong(parameters, 0, address);
            assertThat(gpu.launch(kernel, Grid.of(1, 1, 0), parameters).findings())
                    .isEmpty();
            gpu.free(address);
            assertThat(gpu.launch(kernel, Grid.of(1, 1, 0), parameters).findings())
                    .extracting(Finding::kind)
                    .containsExactly(Finding.Kind.OUT_OF_BOUNDS);
            assertThat(gpu.allocations()).isZero();
            assertThat(gpu.usedBytes()).isZero();
            assertThat(gpu.peakBytes()).isEqualTo(4);
        }
    }

    @Nested
    class Misaligned {
        @Test
        void vectorsMustBeAligned() {
            caught(Finding.Kind.MISALIGNED, Snippet.of("ld.global.v4.u32 {%i3, %i4, %i5, %d}, [%in+4];"));
            clean(Snippet.of("ld.global.v4.u32 {%i3, %i4, %i5, %d}, [%in+16];"));
        }

        @Test
        void sharedToo() {
            caught(Finding.Kind.MISALIGNED, Snippet.of(OWN_CELL + "st.shared.v2.u32 [%i4], {1, 2}; mov.u32 %d, 0;"));
        }
    }

    @Nested
    class Uninitialised {
        @Test
        void globalMemory() {
            caught(Finding.Kind.UNINITIALIZED_READ, Snippet.of("ld.global.u32 %d, [%out];"));
            clean(Snippet.of("mad.wide.u32 %l0, %tid_, 4, %out; st.global.u32 [%l0], 3; ld.global.u32 %d, [%l0];"));
        }

        @Test
        void sharedMemory() {
            caught(Finding.Kind.UNINITIALIZED_READ, Snippet.of(OWN_CELL + "ld.shared.u32 %d, [%i4];"));
            clean(Snippet.of(OWN_CELL + "st.shared.u32 [%i4], 1; ld.shared.u32 %d, [%i4];"));
        }

        @Test
        void localMemory() {
            caught(
                    Finding.Kind.UNINITIALIZED_READ,
                    Snippet.of(".local .align 4 .b8 depot[16]; mov.u64 %l0, depot; ld.local.u32 %d, [%l0];"));
        }

        @Test
        void aByteOfAVector() {
            String partly = OWN_CELL + """
                    mad.lo.u32 %i4, %tid_, 8, %i3;
                    st.shared.u32 [%i4], 1; st.shared.u16 [%i4+4], 1; st.shared.u8 [%i4+6], 1;
                    """;
            caught(Finding.Kind.UNINITIALIZED_READ, Snippet.of(partly + "ld.shared.v2.u32 {%d, %i5}, [%i4];"));
            clean(Snippet.of(partly + "st.shared.u8 [%i4+7], 1; ld.shared.v2.u32 {%d, %i5}, [%i4];"));
        }
    }

    @Nested
    class Races {
        private static final String NEIGHBOUR =
                "xor.b32 %i5, %tid_, 32; mad.lo.u32 %i5, %i5, 4, %i3; ld.shared.u32 %d, [%i5];";

        @Test
        void missingBarrierBetweenWriteAndRead() {
            // the lower warp reads first, so the missing barrier shows in either order
            caught(
                    Finding.Kind.RACE,
                    Snippet.of(OWN_CELL + "st.shared.u32 [%i4], 1; bar.sync 0; st.shared.u32 [%i4], 2;" + NEIGHBOUR)
                            .threads(64));
            clean(Snippet.of(OWN_CELL + "st.shared.u32 [%i4], 1; bar.sync 0;" + NEIGHBOUR)
                    .threads(64));
        }

        @Test
        void missingBarrierBetweenReadAndWrite() {
            String once = OWN_CELL + "st.shared.u32 [%i4], 1; bar.sync 0;" + NEIGHBOUR;
            caught(
                    Finding.Kind.RACE,
                    Snippet.of(once + "st.shared.u32 [%i4], 2;").threads(64));
            clean(Snippet.of(once + "bar.sync 0; st.shared.u32 [%i4], 2;").threads(64));
        }

        @Test
        void twoWritersOfOneByte() {
            caught(
                    Finding.Kind.RACE,
                    Snippet.of(OWN_CELL + "st.shared.u8 [%i3], 1; mov.u32 %d, 0;")
                            .threads(64));
            clean(Snippet.of(OWN_CELL + "add.u32 %i5, %i3, %tid_; st.shared.u8 [%i5], 1; mov.u32 %d, 0;")
                    .threads(64));
        }

        @Test
        void lanesOfAWarpWithoutWarpBarrier() {
            String store = OWN_CELL + "st.shared.u32 [%i4], 1;";
            String load = "xor.b32 %i5, %tid_, 1; mad.lo.u32 %i5, %i5, 4, %i3; ld.shared.u32 %d, [%i5];";
            caught(Finding.Kind.RACE, Snippet.of(store + load));
            clean(Snippet.of(store + "bar.warp.sync -1;" + load));
        }

        @Test
        void barriersOfOtherWarpsOrderNothing() {
            // warps 0 and 1 meet at barrier 1, warps 2 and 3 at barrier 2: warp 0 may not read what warp 2 wrote
            String half = OWN_CELL
                    + "shr.u32 %i6, %tid_, 6; add.u32 %i6, %i6, 1; st.shared.u32 [%i4], 1; barrier.sync.aligned %i6, 64;";
            String load = "xor.b32 %i5, %tid_, MASK; mad.lo.u32 %i5, %i5, 4, %i3; ld.shared.u32 %d, [%i5];";
            caught(
                    Finding.Kind.RACE,
                    Snippet.of(half + load.replace("MASK", "64")).threads(128));
            clean(Snippet.of(half + load.replace("MASK", "32")).threads(128));
        }

        @Test
        void copiesThatNobodyWaitedFor() {
            String copy = OWN_CELL + """
                    mad.lo.u32 %i4, %tid_, 16, %i3; and.b32 %i5, %tid_, 15; mad.wide.u32 %l0, %i5, 16, %in;
                    cp.async.ca.shared.global [%i4], [%l0], 16; cp.async.commit_group;
                    """;
            caught(
                    Finding.Kind.RACE,
                    Snippet.of(copy + "cp.async.wait_group 1; ld.shared.u32 %d, [%i4]; cp.async.wait_all;"));
            clean(Snippet.of(copy + "cp.async.wait_group 0; ld.shared.u32 %d, [%i4];"));
        }

        @Test
        void waitingForOnesOwnCopiesIsNotEnoughForTheOthers() {
            String copy = OWN_CELL + """
                    mad.lo.u32 %i4, %tid_, 16, %i3; and.b32 %i5, %tid_, 15; mad.wide.u32 %l0, %i5, 16, %in;
                    cp.async.ca.shared.global [%i4], [%l0], 16; cp.async.wait_all;
                    """;
            String load = "xor.b32 %i5, %tid_, 32; mad.lo.u32 %i5, %i5, 16, %i3; ld.shared.u32 %d, [%i5];";
            caught(
                    Finding.Kind.RACE,
                    Snippet.of(copy + "bar.warp.sync -1; bar.arrive 1, 96;" + load)
                            .threads(64));
            clean(Snippet.of(copy + "bar.sync 0;" + load).threads(64));
        }
    }

    @Nested
    class Barriers {
        @Test
        void halfAWarpAtABarrier() {
            String half = "mov.u32 %d, 0; setp.lt.u32 %p0, %tid_, 16; @!%p0 bra OVER; bar.sync 0; OVER:";
            caught(Finding.Kind.BARRIER_DIVERGENCE, Snippet.of(half));
            clean(Snippet.of("mov.u32 %d, 0; bar.sync 0;"));
        }

        @Test
        void awarpThatNeverComes() {
            String some = "mov.u32 %d, 0; setp.lt.u32 %p0, %tid_, 32; @!%p0 bra OVER; bar.sync 0; OVER:";
            caught(Finding.Kind.BARRIER_DIVERGENCE, Snippet.of(some).threads(64));
        }

        @Test
        void aLaneMissingFromAShuffle() {
            String some =
                    "mov.u32 %d, 0; setp.lt.u32 %p0, %tid_, 16; @!%p0 bra OVER; shfl.sync.bfly.b32 %d, %tid_, 1, 31, -1; OVER:"
                            + " bar.warp.sync -1;";
            caught(Finding.Kind.WARP_DIVERGENCE, Snippet.of(some));
        }
    }

    @Test
    void unfinishedCopiesAtTheEndAreAWarning() {
        String copy = OWN_CELL + """
                mov.u32 %d, 0; mad.lo.u32 %i4, %tid_, 16, %i3; and.b32 %i5, %tid_, 15; mad.wide.u32 %l0, %i5, 16, %in;
                cp.async.ca.shared.global [%i4], [%l0], 16; cp.async.commit_group;
                """;
        var report = Snippet.of(copy).run().report();
        assertThat(report.findings()).extracting(Finding::kind).containsExactly(Finding.Kind.UNFINISHED_COPY);
        assertThat(report.errors()).isEmpty();
    }

    @Test
    void constantMemoryIsReadOnly() {
        caught(
                Finding.Kind.READ_ONLY,
                Snippet.of("mov.u64 %l0, table; st.global.u32 [%l0], 1; mov.u32 %d, 0;")
                        .module(".const .align 4 .u32 table = 5;"));
    }

    @Test
    void trapsAreFindings() {
        caught(Finding.Kind.TRAP, Snippet.of("mov.u32 %d, 0; trap;"));
    }
}
