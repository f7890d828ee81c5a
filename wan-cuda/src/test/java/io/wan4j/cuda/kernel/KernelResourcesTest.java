package io.wan4j.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The committed table of registers and memory, against the images of this build. */
class KernelResourcesTest {
    private static List<String> lines(String property) throws IOException {
        return Files.readAllLines(Path.of(System.getProperty(property)));
    }

    @Test
    void committedTableIsThatOfTheBuild() throws IOException {
        assertThat(lines("wan.kernels.table"))
                .as("wan-cuda/kernels.tsv; after a change of a kernel copy target/kernel-build/kernels.tsv over it")
                .isEqualTo(lines("wan.kernels.built"));
    }

    @Test
    void noKernelSpillsOrUsesLocalMemory() throws IOException {
        List<String> built = lines("wan.kernels.built");
        assertThat(built).hasSizeGreaterThan(1);
        assertThat(built.subList(1, built.size()))
                .allSatisfy(line -> assertThat(line.split("\t")[5]).as(line).isEqualTo("0"));
    }
}
