package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WarpInstructionsTest {
    private static void check(String body, IntUnaryOperator expected) {
        Snippet.Result result = Snippet.of(body).run(new int[96]);
        assertThat(result.report().findings()).isEmpty();
        assertThat(result.out()).isEqualTo(IntStream.range(0, 32).map(expected).toArray());
    }

    @Test
    void shuffles() {
        check("shfl.sync.bfly.b32 %d, %tid_, 5, 31, -1;", i -> i ^ 5);
        check("shfl.sync.down.b32 %d, %tid_, 3, 31, -1;", i -> i + 3 < 32 ? i + 3 : i);
        check("shfl.sync.up.b32 %d, %tid_, 3, 0, -1;", i -> i >= 3 ? i - 3 : i);
        check("shfl.sync.idx.b32 %d, %tid_, 7, 31, -1;", i -> 7);
        check("shfl.sync.idx.b32 %d, %tid_, 1, 0x181f, -1;", i -> i / 8 * 8 + 1);
        check("shfl.sync.down.b32 %d|%p0, %tid_, 3, 0x181f, -1; @!%p0 mov.u32 %d, 99;", i -> i % 8 < 5 ? i + 3 : 99);
    }

    @Test
    void votes() {
        String odd = "and.b32 %i3, %tid_, 1; setp.ne.u32 %p0, %i3, 0; mov.u32 %d, 0; ";
        check(odd + "vote.sync.ballot.b32 %d, %p0, -1;", i -> 0xaaaaaaaa);
        check(odd + "vote.sync.any.pred %p1, %p0, -1; @%p1 mov.u32 %d, 1;", i -> 1);
        check(odd + "vote.sync.all.pred %p1, %p0, -1; @%p1 mov.u32 %d, 1;", i -> 0);
        check(odd + "vote.sync.any.pred %p1, !%p0, -1; @%p1 mov.u32 %d, 1;", i -> 1);
    }

    @Test
    void matchesAndReduces() {
        check("and.b32 %i3, %tid_, 3; match.any.sync.b32 %d, %i3, -1;", i -> 0x11111111 << i % 4);
        check("redux.sync.add.u32 %d, %tid_, -1;", i -> 496);
        check("sub.s32 %i3, %tid_, 5; redux.sync.min.s32 %d, %i3, -1;", i -> -5);
        check("redux.sync.or.b32 %d, %tid_, -1;", i -> 31);
    }

    @Test
    void partialMasksSynchroniseTheirLanesOnly() {
        check("""
                setp.lt.u32 %p0, %tid_, 16;
                @!%p0 bra UPPER;
                shfl.sync.bfly.b32 %d, %tid_, 1, 31, 0xffff;
                bra DONE;
                UPPER: shfl.sync.bfly.b32 %d, %tid_, 2, 31, 0xffff0000;
                DONE: bar.warp.sync -1;
                """, i -> i < 16 ? i ^ 1 : i ^ 2);
    }

    @Test
    void electsTheFirstLane() {
        check("mov.u32 %d, 0; elect.sync _|%p0, -1; @%p0 mov.u32 %d, 1;", i -> i == 0 ? 1 : 0);
    }

    @Test
    void matricesMoveAsDocumented() {
        // element (row, column) of matrix m is 64 m + 8 row + column
        String fill = """
                .shared .align 16 .b8 tile[512];
                mov.u32 %i3, tile; shl.b32 %i4, %tid_, 4; add.u32 %i3, %i3, %i4;
                shl.b32 %i5, %tid_, 3;
                add.u32 %i6, %i5, 1; shl.b32 %i6, %i6, 16; or.b32 %i6, %i6, %i5;
                add.u32 %i7, %i6, 0x20002; add.u32 %i8, %i7, 0x20002; add.u32 %i9, %i8, 0x20002;
                st.shared.v4.b32 [%i3], {%i6, %i7, %i8, %i9};
                bar.warp.sync -1;
                """;
        check(
                fill + "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%i10, %i11, %i12, %d}, [%i3];",
                i -> pair(192 + i / 4 * 8 + i % 4 * 2, 192 + i / 4 * 8 + i % 4 * 2 + 1));
        check(
                fill + "ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%i10, %d}, [%i3];",
                i -> pair(64 + i % 4 * 16 + i / 4, 64 + i % 4 * 16 + 8 + i / 4));
        check(fill + """
                        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%i10, %i11, %i12, %i13}, [%i3];
                        bar.warp.sync -1;
                        stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%i3], {%i10, %i11, %i12, %i13};
                        bar.warp.sync -1;
                        ld.shared.b32 %d, [%i3+4];
                        """, i -> pair(i / 8 * 64 + 16 + i % 8, i / 8 * 64 + 24 + i % 8));
    }

    private static int pair(int low, int high) {
        return low | high << 16;
    }
}
