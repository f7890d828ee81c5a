package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.cuda.CudaSettings.Libraries;
import io.wan4j.cuda.LibraryTable.Library;
import io.wan4j.cuda.LibraryTable.Operation;
import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.library.Cudnn;
import io.wan4j.cuda.library.Probed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where libraries are used, and what {@code wan doctor} says about it. */
class LibraryTableTest {
    private static final ComputeCapability ADA = new ComputeCapability(8, 9);
    private static final ComputeCapability HOPPER = new ComputeCapability(9, 0);

    private final FakeCudnn library = new FakeCudnn(SimulatedDevices.fastDriver());

    @Test
    void tableSaysWhichLineIsWrong() {
        assertThatThrownBy(() -> LibraryTable.parse("")).hasMessageContaining("head");
        for (String line : List.of(
                "sm_89\tlinear_i8\tsmall\town\tx", "8.9\tlinear_i8\tsmall\tmaybe\tx", "8.9\tlinear_i8\tsmall\town\t")) {
            assertThatThrownBy(() -> LibraryDevices.table(line))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(line);
        }
    }

    @Test
    void sizesAndLibrariesAreToldApart() {
        LibraryTable table = LibraryDevices.table("8.9\tlinear_bf16\tlarge\tlibrary\tresults/test.json");
        assertThat(table.preferred(ADA, Library.CUBLASLT)).containsExactly(Operation.LINEAR_BF16);
        assertThat(table.preferred(ADA, Library.CUDNN)).isEmpty();
        assertThat(table.preferred(HOPPER, Library.CUBLASLT)).isEmpty();
        assertThat(table.prefersLibrary(ADA, Operation.LINEAR_BF16, 2e11)).isTrue();
        assertThat(table.prefersLibrary(ADA, Operation.LINEAR_BF16, 2e10)).isFalse();
        assertThat(table.prefersLibrary(ADA, Operation.LINEAR_I8, 2e11)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Operation.class)
    void linesThatTheCheckWritesCanBeRead(Operation operation) {
        String line =
                LibraryTable.row("8.9", operation.label() + "\t" + LibraryTable.Size.LARGE.label(), true, "x.json");
        assertThat(LibraryDevices.table(line).prefersLibrary(ADA, operation, 1e12))
                .isTrue();
    }

    /** A line may be there only with its measurement. */
    @Test
    void committedTableHasNoRowWithoutAMeasurement() throws Exception {
        Path root = Path.of(System.getProperty("wan.goldens")).resolveSibling("");
        for (String line : LibraryTable.committedText().lines().toList()) {
            if (!line.startsWith("#") && !line.startsWith("architecture")) {
                assertThat(Files.exists(root.resolve(line.split("\t", -1)[4])))
                        .as(line)
                        .isTrue();
            }
        }
        assertThat(LibraryTable.committed().preferred(ADA, Library.CUDNN)).isEmpty(); // nothing was measured yet
    }

    private String report(Libraries use, String rows) {
        Probed<Cudnn> probed = Cudnn.find(() -> library);
        return new LibraryPolicy(use, LibraryDevices.table(rows), ADA).report(probed, Library.CUDNN);
    }

    @Test
    void reportSaysWhichOperationsUseAFoundLibrary() {
        assertThat(report(Libraries.MEASURED, ""))
                .startsWith("cuDNN 9.13.0, not used: no committed measurement on compute capability 8.9")
                .contains("attention_bf16, convolution_bf16", "wan.cuda.libraries=on");
        assertThat(report(Libraries.MEASURED, "8.9\tconvolution_bf16\tlarge\tlibrary\tx.json"))
                .isEqualTo("cuDNN 9.13.0, used for convolution_bf16");
        assertThat(report(Libraries.ON, ""))
                .isEqualTo("cuDNN 9.13.0, used for attention_bf16, convolution_bf16 where it can be");
    }

    @Test
    void reportSaysWhyALibraryIsMissing() {
        library.missing.add("cudnnBackendFinalize");
        assertThat(report(Libraries.ON, "")).isEqualTo(Cudnn.find(() -> library).text());
    }
}
