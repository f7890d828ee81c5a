package io.wan4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final float[] EXPECTED = {1, -4, 2};
    private static final float[] ACTUAL = {1, -4, 2.5f};

    @Test
    void maxRelativeDividesByTheLargestExpected() {
        Comparison result = Comparison.maxRelative("x", EXPECTED, ACTUAL, 0.2);
        assertThat(result.error()).isEqualTo(0.125);
        assertThat(result.worst()).isEqualTo(2);
        assertThat(result.passed()).isTrue();
    }

    @Test
    void relativeL2DividesNorms() {
        assertThat(Comparison.relativeL2("x", EXPECTED, ACTUAL, 1).error())
                .isCloseTo(0.5 / Math.sqrt(21), within(1e-12));
    }

    @Test
    void nanNeverPasses() {
        float[] broken = {1, Float.NaN, 2};
        assertThat(Comparison.absolute("x", EXPECTED, broken, 1e30).passed()).isFalse();
        assertThat(Comparison.maxRelative("x", EXPECTED, broken, 1e30).passed()).isFalse();
        assertThat(Comparison.relativeL2("x", EXPECTED, broken, 1e30).passed()).isFalse();
    }

    @Test
    void failureNamesIndexValuesAndBound() {
        assertThatThrownBy(() ->
                        Comparison.absolute("block 3", EXPECTED, ACTUAL, 0.1).check())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("block 3")
                .hasMessageContaining("index 2")
                .hasMessageContaining("2.50000000")
                .hasMessageContaining("0.100");
    }

    @Test
    void otherLengthFails() {
        assertThatThrownBy(() -> Comparison.absolute("x", EXPECTED, new float[2], 1))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("expected 3 values, got 2");
    }

    @Test
    void goldenFileGivesShapesAndValues() {
        try (GoldenFile golden = GoldenFile.of("dit/tiny_a/case_0.safetensors")) {
            GoldenFile.Values out = golden.get("out");
            assertThat(out.shape().rank()).isEqualTo(4);
            assertThat(out.values()).hasSize((int) out.shape().count());
            assertThat(golden.names("mid.")).isNotEmpty().allMatch(golden::has);
            assertThat(out.compare(out.values(), 0).error()).isZero();
        }
    }
}
