package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.error.UnsupportedException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ControlFlowTest {
    private static int[] clean(Snippet snippet, int... in) {
        Snippet.Result result = snippet.run(in);
        assertThat(result.report().findings()).isEmpty();
        return result.out();
    }

    @Test
    void lanesThatBranchMeetAgain() {
        String body = """
                and.b32 %i3, %tid_, 1;
                setp.eq.u32 %p0, %i3, 0;
                @%p0 bra EVEN;
                mov.u32 %d, 100;
                bra DONE;
                EVEN: mov.u32 %d, 200;
                DONE: activemask.b32 %i4;
                add.u32 %d, %d, %tid_;
                setp.ne.u32 %p1, %i4, -1;
                @%p1 mov.u32 %d, 0;
                """;
        assertThat(clean(Snippet.of(body), new int[96]))
                .isEqualTo(IntStream.range(0, 32)
                        .map(i -> (i % 2 == 0 ? 200 : 100) + i)
                        .toArray());
    }

    @Test
    void everyLaneRunsItsOwnNumberOfRounds() {
        String body = """
                mov.u32 %d, 0; mov.u32 %i3, 0;
                LOOP: add.u32 %d, %d, %i3; add.u32 %i3, %i3, 1;
                setp.le.u32 %p0, %i3, %tid_;
                @%p0 bra LOOP;
                """;
        assertThat(clean(Snippet.of(body), new int[96]))
                .isEqualTo(IntStream.range(0, 32).map(i -> i * (i + 1) / 2).toArray());
    }

    @Test
    void registersKeepTheirValuesOverLoopsAlthoughTheyShareAPlace() {
        // %r1 lives over the loop, %r2 is carried from round to round, %r9 keeps its value where its guard is false
        String body = """
                add.u32 %r0, %tid_, 1; mul.lo.u32 %r1, %r0, 3; mov.u32 %r2, 0; mov.u32 %i3, 0; mov.u32 %d, 0;
                LOOP:
                add.u32 %r3, %r2, %r1; add.u32 %r4, %r3, 5; sub.u32 %r5, %r4, %r3; add.u32 %d, %d, %r5;
                setp.eq.u32 %p1, %i3, 0; @%p1 mov.u32 %r9, 1000;
                mov.u32 %r6, 1; add.u32 %r7, %r6, %r6; sub.u32 %r8, %r7, %r6; add.u32 %r2, %r2, %r8;
                add.u32 %d, %d, %r9; add.u32 %i3, %i3, 1; setp.lt.u32 %p0, %i3, 4; @%p0 bra LOOP;
                mov.u32 %r10, 50; add.u32 %r11, %r10, %r1; add.u32 %d, %d, %r11; add.u32 %d, %d, %r2;
                """;
        assertThat(clean(Snippet.of(body), new int[96]))
                .isEqualTo(IntStream.range(0, 32)
                        .map(i -> 4 * 5 + 4 * 1000 + 50 + 3 * (i + 1) + 4)
                        .toArray());
    }

    @Test
    void indirectBranchesChooseByIndex() {
        String body = """
                ts: .branchtargets A, B, C;
                rem.u32 %i3, %tid_, 3;
                brx.idx %i3, ts;
                A: mov.u32 %d, 10; bra DONE;
                B: mov.u32 %d, 11; bra DONE;
                C: mov.u32 %d, 12;
                DONE:
                """;
        assertThat(clean(Snippet.of(body), new int[96]))
                .isEqualTo(IntStream.range(0, 32).map(i -> 10 + i % 3).toArray());
    }

    @Test
    void functionsAreCalledWithParameters() {
        String function = """
                .func (.param .b32 ret) twice_plus(.param .b32 x, .param .b32 y)
                {
                  .reg .b32 %r<4>; .reg .pred %p;
                  ld.param.b32 %r0, [x]; ld.param.b32 %r1, [y];
                  setp.gt.u32 %p, %r0, 15;
                  @%p bra BIG;
                  mad.lo.s32 %r2, %r0, 2, %r1;
                  st.param.b32 [ret], %r2;
                  ret;
                  BIG: st.param.b32 [ret], %r1;
                  ret;
                }
                """;
        String body = """
                { .param .b32 p0; .param .b32 p1; .param .b32 r0;
                  st.param.b32 [p0], %tid_; st.param.b32 [p1], 1000;
                  call.uni (r0), twice_plus, (p0, p1);
                  ld.param.b32 %d, [r0]; }
                """;
        assertThat(clean(Snippet.of(body).module(function), new int[96]))
                .isEqualTo(IntStream.range(0, 32)
                        .map(i -> i > 15 ? 1000 : 1000 + 2 * i)
                        .toArray());
    }

    @Test
    void namesInBracesAreTheirOwn() {
        String body = """
                mov.u32 %d, 1;
                { .reg .b32 x; mov.u32 x, 5; L: add.u32 %d, %d, x; }
                { .reg .b32 x; mov.u32 x, 7; L: add.u32 %d, %d, x; }
                """;
        assertThat(Snippet.of(body).of(0, 0, 0)).isEqualTo(13);
    }

    @Test
    void warpsExchangeThroughSharedMemory() {
        String body = """
                .shared .align 4 .b8 buffer[512];
                mov.u32 %i3, buffer; shl.b32 %i4, %tid_, 2; add.u32 %i5, %i3, %i4;
                st.shared.u32 [%i5], %tid_;
                bar.sync 0;
                sub.u32 %i6, 508, %i4; add.u32 %i6, %i6, %i3;
                ld.shared.u32 %d, [%i6];
                """;
        assertThat(clean(Snippet.of(body).threads(128), new int[384]))
                .isEqualTo(IntStream.range(0, 128).map(i -> 127 - i).toArray());
    }

    @Test
    void barrierReductionsCountTheBlock() {
        String body = """
                setp.lt.u32 %p0, %tid_, 37;
                barrier.cta.red.popc.aligned.u32 %d, 0, %p0;
                barrier.cta.red.and.aligned.pred %p1, 0, %p0;
                @%p1 add.u32 %d, %d, 1000;
                barrier.cta.red.or.aligned.pred %p1, 0, %p0;
                @%p1 add.u32 %d, %d, 2000;
                """;
        assertThat(clean(Snippet.of(body).threads(64), new int[192])).containsOnly(2037);
    }

    @Test
    void blocksOfAGridCountInAtomics() {
        String body = "atom.global.add.u32 %d, [%in], 1;";
        int[] out = clean(Snippet.of(body).threads(64).blocks(4), new int[192]);
        assertThat(IntStream.of(out).sorted().toArray())
                .isEqualTo(IntStream.range(0, 256).toArray());
    }

    @Test
    void partialWarpsLeaveTheRestAlone() {
        assertThat(clean(Snippet.of("mov.u32 %d, %tid_; bar.sync 0;").threads(45), new int[135]))
                .isEqualTo(IntStream.range(0, 45).toArray());
    }

    @Test
    void unknownInstructionsFailByNameAndLine() {
        assertThatThrownBy(() -> Snippet.of("tex.2d.v4.f32.f32 %d, %a;").of(0, 0, 0))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining("tex.2d.v4.f32.f32")
                .hasMessageContaining("line");
        assertThatThrownBy(() -> Snippet.of("add.s32.strange %d, %a, %b;").of(0, 0, 0))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining(".strange");
    }
}
