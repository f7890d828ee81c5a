package io.wan4j.nvrtc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelCompilerTest {
    private static final String CLEAN = """
            // targets: sm_89
            extern "C" __global__ void twice(float* x) { x[threadIdx.x] *= 2.0f; }
            """;

    /** A block of 1024 threads leaves 64 registers for 128 sums that live through a loop. */
    private static final String SPILLING = """
            // targets: sm_89
            extern "C" __global__ void __launch_bounds__(1024) crowded(const float* x, float* out, int n) {
              float sums[128];
            #pragma unroll
              for (int i = 0; i < 128; i++) sums[i] = x[i];
            #pragma unroll 1
              for (int step = 0; step < n; step++) {
                float y = x[step * 1024 + threadIdx.x];
            #pragma unroll
                for (int i = 0; i < 128; i++) sums[i] = sums[i] * y + sums[(i + 7) % 128];
              }
            #pragma unroll
              for (int i = 0; i < 128; i++) out[i * 1024 + threadIdx.x] = sums[i];
            }
            """;

    @TempDir
    private Path folder = Path.of("");

    private Path sources = Path.of("");
    private Path output = Path.of("");
    private Path work = Path.of("");

    @BeforeEach
    void makeFolders() throws IOException {
        sources = Files.createDirectory(folder.resolve("sources"));
        output = folder.resolve("output");
        work = folder.resolve("work");
    }

    private void compile() throws IOException {
        KernelCompiler.main(new String[] {sources.toString(), output.toString(), work.toString()});
    }

    @Test
    void spillInALoopFailsEveryBuildUntilItIsGone() throws IOException {
        Files.writeString(sources.resolve("clean.cu"), CLEAN);
        Files.writeString(sources.resolve("crowded.cu"), SPILLING);
        for (int build = 0; build < 2; build++) {
            assertThatThrownBy(this::compile)
                    .isInstanceOf(KernelBuildException.class)
                    .hasMessageContaining("crowded for sm_89")
                    .hasMessageContaining("local memory")
                    .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("twice"));
        }
        assertThat(Files.readString(work.resolve("kernels.tsv"))).contains("clean\ttwice\tsm_89\t");
        Files.delete(sources.resolve("crowded.cu"));
        compile();
        assertThat(output.resolve("clean.sm_89.cubin")).exists();
        assertThat(output.resolve("clean.ptx")).exists();
        assertThat(output.resolve("crowded.ptx")).doesNotExist();
    }

    @Test
    void mistakeInASourceIsToldWithTheCompilersText() throws IOException {
        Files.writeString(
                sources.resolve("wrong.cu"), "// targets: sm_89\nextern \"C\" __global__ void f() { y = 1; }");
        assertThatThrownBy(this::compile)
                .isInstanceOf(KernelBuildException.class)
                .hasMessageContaining("wrong.cu")
                .hasMessageContaining("\"y\" is undefined");
    }
}
