package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class LibraryRowsTest {
    private static Row rate(String name, double rate) {
        return Row.ok(name).with("rate", rate);
    }

    private static Row library(String name, double rate) {
        return rate(name, rate).with(LibraryCheck.OPERATION, "convolution_bf16").with(LibraryCheck.SIZE, "large");
    }

    private static UnitResult unit(Part part, Row... rows) {
        return new UnitResult(part, "unit", 1, 0, List.of(rows));
    }

    private static List<String> lines(UnitResult... units) {
        return LibraryRows.of(List.of(units), "9.0", "x.json");
    }

    private final UnitResult own = unit(Part.KERNELS, rate("a", 100), rate("b", 100));

    @Test
    void theFasterOneIsNamedByTheGeometricMean() {
        assertThat(lines(own, unit(Part.CUDNN, library("a", 200), library("b", 60))))
                .containsExactly("9.0\tconvolution_bf16\tlarge\tlibrary\twan-bench/results/x.json");
        assertThat(lines(own, unit(Part.CUDNN, library("a", 200), library("b", 40))))
                .containsExactly("9.0\tconvolution_bf16\tlarge\town\twan-bench/results/x.json");
    }

    @Test
    void noiseDoesNotChooseALibrary() {
        assertThat(lines(own, unit(Part.CUDNN, library("a", 102))).get(0)).contains("\town\t");
    }

    @Test
    void wrongResultsAndBareProductsDoNotCount() {
        assertThat(lines(own, unit(Part.CUDNN, library("a", 200).passedIf(false), rate("b", 500))))
                .isEmpty();
        assertThat(lines(unit(Part.CUDNN, library("a", 200)))).isEmpty();
    }

    @Test
    void resultsFarFromOursFail() {
        float[] ours = {1, -2, 3};
        assertThat(LibraryCheck.compared(rate("a", 1), ours, new float[] {1, -2.01f, 3})
                        .status())
                .isEqualTo(Row.Status.OK);
        assertThat(LibraryCheck.compared(rate("a", 1), ours, new float[] {1, -2, 3.1f})
                        .status())
                .isEqualTo(Row.Status.FAILED);
        assertThat(LibraryCheck.compared(rate("a", 1), ours, new float[] {1, Float.NaN, 3})
                        .status())
                .isEqualTo(Row.Status.FAILED);
        assertThatThrownBy(() -> LibraryCheck.compared(rate("a", 1), ours, new float[2]))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
