package io.wan4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class QualityCommandTest {
    private static final Path GOLDENS = Path.of(System.getProperty("wan.goldens", "goldens"));

    @Test
    void tableOfAModelHasARowForEachLayerAndTheBlock() {
        Run run = Run.of(
                "quality", "--device=reference", "--side=4", "--model=" + GOLDENS.resolve("pipeline/Wan2.1-I2V-tiny"));
        assertThat(run.code()).as(run.err()).isZero();
        List<String> rows =
                run.outLines().stream().filter(line -> line.startsWith("| ")).toList();
        assertThat(rows).hasSize(1 + 12 + 1);
        assertThat(rows.get(0)).contains("FP8", "INT8", "INT8 balanced");
        assertThat(rows).anyMatch(row -> row.matches("\\| ffn\\.2 \\| [0-9.e-]+, 0\\.99\\d+ \\| .*"));
        assertThat(rows.get(13)).startsWith("| block |");
    }

    @Test
    void quantisedModelIsNothingToCompareWith() {
        Run run = Run.of("quality", "--device=reference", "--model=" + GOLDENS.resolve("quant/int8"));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.errLines()).singleElement().asString().contains("expected unquantised weights");
    }
}
