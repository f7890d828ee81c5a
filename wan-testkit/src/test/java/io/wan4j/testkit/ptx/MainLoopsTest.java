package io.wan4j.testkit.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MainLoopsTest {
    /** Two turns of an outer loop; in each a load, an inner loop of three turns with a store and perhaps a product. */
    private static LaunchReport nested(String product) {
        String body = """
                .shared .align 16 .b8 s[128];
                mov.u32 %i3, s; mad.lo.u32 %i4, %tid_, 4, %i3;
                mov.u32 %r0, 0; mov.u32 %r1, 0; mov.u32 %r2, 0; mov.u32 %r3, 0; mov.u32 %i5, 0; mov.u32 %d, 0;
                OUTER: ld.global.u32 %i6, [%in]; mov.u32 %i7, 0;
                INNER: st.shared.u32 [%i4], %i7;
                PRODUCT
                add.u32 %i7, %i7, 1; setp.lt.u32 %p0, %i7, 3; @%p0 bra INNER;
                st.shared.u32 [%i4], 9;
                add.u32 %i5, %i5, 1; setp.lt.u32 %p1, %i5, 2; @%p1 bra OUTER;
                """;
        return Snippet.of(body.replace("PRODUCT", product)).run(new int[96]).report();
    }

    private static final String MMA = "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32"
            + " {%r0, %r1, %r2, %r3}, {%i5, %i5, %i5, %i5}, {%i5, %i5}, {%r0, %r1, %r2, %r3};";

    @Test
    void innermostLoopAroundAProductIsTheMainLoop() {
        List<LaunchReport.Site> loop = nested(MMA).mainLoop();
        assertThat(loop).hasSize(1);
        assertThat(loop.get(0).instruction()).isEqualTo("st.shared.u32 [%i4], %i7;");
        assertThat(loop.get(0).executed()).isEqualTo(6);
    }

    @Test
    void reportMarksItWithAStar() {
        assertThat(nested(MMA).toString().lines().filter(line -> line.startsWith("* line")))
                .hasSize(1)
                .allSatisfy(line -> assertThat(line).contains("st.shared.u32 [%i4], %i7;"));
    }

    @Test
    void kernelWithoutProductsHasNone() {
        assertThat(nested("").mainLoop()).isEmpty();
    }

    @Test
    void bankConflictsOfTheLoopAreCountedApart() {
        String conflict = ".shared .align 16 .b8 t[4096]; mov.u32 %i9, t; mad.lo.u32 %i9, %tid_, 128, %i9;"
                + "st.shared.u32 [%i9], 1;";
        LaunchReport slow = nested(MMA + conflict);
        assertThat(slow.mainLoop().stream()
                        .mapToLong(LaunchReport.Site::bankConflicts)
                        .sum())
                .isEqualTo(6 * 31);
    }
}
