package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cuda.TrafficCases.Attention;
import io.wan4j.cuda.TrafficCases.Product;
import io.wan4j.tensor.Format;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The compiled product and attention kernels with one mistake of each class put into their instructions. */
class PlantedBugsTest {
    private static final String BARRIER = "bar\\.sync\\s+0;";

    /** A mistake: what it replaces by what, and the finding that it must lead to. */
    private enum Bug {
        OUT_OF_BOUNDS("(st\\.global\\S*\\s+\\[%rd\\d+)\\]", "$1+1073741824]", "OUT_OF_BOUNDS"),
        MISALIGNED("(cp\\.async\\.cg\\.shared\\.global \\[%r\\d+\\], \\[%rd\\d+)\\]", "$1+4]", "MISALIGNED"),
        UNINITIALISED("cp\\.async\\.cg\\.shared\\.global [^;]*;", "", "UNINITIALIZED_READ"),
        MISSING_BARRIER(BARRIER, "", "RACE"),
        DIVERGENT_BARRIER(
                BARRIER,
                "{ .reg .pred %but_one; .reg .b32 %thread; mov.u32 %thread, %tid.x;"
                        + " setp.ne.u32 %but_one, %thread, 5; @%but_one bar.sync 0; }",
                "BARRIER_DIVERGENCE"),
        RACE_WITH_A_COPY("cp\\.async\\.wait_group \\d;", "cp.async.wait_group 7;", "RACE");

        private final String pattern;
        private final String replacement;
        private final String finding;

        Bug(String pattern, String replacement, String finding) {
            this.pattern = pattern;
            this.replacement = replacement;
            this.finding = finding;
        }

        String plant(String ptx) {
            String changed = ptx.replaceAll(pattern, replacement);
            assertThat(changed).isNotEqualTo(ptx);
            return changed;
        }
    }

    /** A kernel and a launch of it. */
    private record Case(String kernel, Consumer<TrafficCases> launch) {
        @Override
        public String toString() {
            return kernel;
        }
    }

    private static final List<Case> CASES = List.of(
            new Case(
                    "gemm_s8_bf16_small",
                    cases -> cases.product(new Product("gemm_%s_%s_small", 60, 40, 480), Format.I8, Format.BF16)),
            new Case(
                    "attention_bf16_128",
                    cases -> cases.attention(new Attention("attention_bf16_128", 130, 1, 128, List.of(200), false))));

    static Stream<Arguments> bugs() {
        return CASES.stream().flatMap(one -> Stream.of(Bug.values()).map(bug -> Arguments.of(one, bug)));
    }

    private static void launch(Case one, UnaryOperator<String> change) {
        try (TrafficCases cases = TrafficCases.withModules(change)) {
            one.launch().accept(cases);
        }
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void everyClassOfMistakeFailsTheLaunchByName(Case one, Bug bug) {
        assertThatThrownBy(() -> launch(one, bug::plant))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(bug.finding + " in " + one.kernel());
    }

    @Test
    void kernelsAsCompiledHaveNoFinding() {
        CASES.forEach(one -> launch(one, UnaryOperator.identity()));
    }
}
