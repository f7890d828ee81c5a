package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class AimsTest {
    private static UnitResult unit(Part part, Row... rows) {
        return new UnitResult(part, "unit", 1, 0, List.of(rows));
    }

    private static Row row(String name, double ms, double rate) {
        return Row.ok(name).with("ms", ms).with("rate", rate);
    }

    private static Aims.Aim aim(String start, UnitResult... units) {
        return new Aims(List.of(units))
                .all().stream()
                        .filter(one -> one.what().startsWith(start))
                        .findFirst()
                        .orElseThrow();
    }

    @Test
    void whatWasNotMeasuredIsNotReached() {
        assertThat(new Aims(List.of()).all()).hasSize(7).noneMatch(Aims.Aim::reached);
        assertThat(new Aims(List.of()).all())
                .allSatisfy(one -> assertThat(one.toString()).contains("not measured"));
    }

    @Test
    void theSlowestLargeProductCounts() {
        String up = "linear ffn up 32760x5120 by 13824 i8";
        String down = "linear ffn down 32760x13824 by 5120 i8";
        String small = "linear ffn down 1560x13824 by 5120 i8";
        UnitResult own = unit(Part.KERNELS, row(up, 4, 100), row(down, 4, 80), row(small, 0.1, 10));
        String peer = "cuBLASLt, no scales";
        UnitResult theirs = unit(
                Part.CUBLASLT,
                row(up, 4, 100).with("peer", peer),
                row(down, 3, 100).with("peer", peer),
                row(small, 0.01, 100).with("peer", peer));
        Aims.Aim found = aim("products i8", own, theirs);
        assertThat(found.measured()).contains(0.8);
        assertThat(found.reached()).isFalse();
        assertThat(found.by()).contains("ffn down 32760");
    }

    @Test
    void attentionIsComparedWithTheFastestPeer() {
        String plain = "attention self attention 32760 queries bf16";
        UnitResult own = unit(
                Part.KERNELS,
                row(plain, 4, 100),
                row(plain + ", q k in 8 bits", 2, 200).with(Comparisons.LIKE, plain));
        UnitResult theirs = unit(
                Part.TORCH,
                row(plain, 4, 100).with("peer", "torch SDPA flash"),
                row(plain, 4, 110).with("peer", "torch SDPA cuDNN"));
        assertThat(aim("attention bf16", own, theirs).measured()).contains(0.9091);
        assertThat(aim("attention bf16", own, theirs).reached()).isTrue();
        assertThat(aim("attention 8-bit", own, theirs).measured()).contains(1.818);
        assertThat(aim("attention 8-bit", own, theirs).by()).contains("cuDNN");
    }

    @Test
    void theFastestStepOfAllTokensCounts() {
        UnitResult steps = unit(
                Part.STEP,
                row("step i8", 2500, 1).with("tokens", 32_760),
                row("step f8_e4m3", 2200, 1).with("tokens", 32_760),
                row("step small", 100, 1).with("tokens", 7800));
        assertThat(aim("step", steps).measured()).contains(2.2);
        assertThat(aim("step", steps).reached()).isTrue();
    }

    @Test
    void theWholeVideoCounts() {
        UnitResult video = unit(
                Part.VIDEO,
                Row.ok("video: decoding").with("seconds", 1.0),
                Row.ok("video").with("seconds", 15.0).with("frames", 81));
        assertThat(aim("video", video).measured()).contains(15.0);
        assertThat(aim("video", video).reached()).isFalse();
    }
}
