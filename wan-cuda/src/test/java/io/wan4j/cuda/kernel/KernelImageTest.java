package io.wan4j.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.cuda.driver.ComputeCapability;
import org.junit.jupiter.api.Test;

class KernelImageTest {
    @Test
    void ownArchitectureComesFirstThenOlderMinorsThenPtx() {
        assertThat(KernelImage.targets(new ComputeCapability(8, 7)))
                .startsWith("sm_87a", "sm_87", "sm_86")
                .endsWith("sm_80", "ptx");
    }

    @Test
    void knownArchitectureGetsMachineCode() {
        assertThat(KernelImage.select("activate", new ComputeCapability(8, 9)).target())
                .isEqualTo("sm_89");
    }

    @Test
    void olderDriversGetTextOfAVersionThatTheyRead() {
        KernelImage image = KernelImage.ptx("gemm_e4m3");
        assertThat(image.readableBy(13_000)).isSameAs(image);
        String text = new String(image.bytes(), java.nio.charset.StandardCharsets.UTF_8);
        String older = new String(image.readableBy(12_080).bytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(older.lines()).anyMatch(".version 8.7"::equals);
        assertThat(older.lines().filter(line -> !line.startsWith(".version")))
                .containsExactlyElementsOf(text.lines()
                        .filter(line -> !line.startsWith(".version"))
                        .toList());
    }

    @Test
    void olderDriversHaveNothingForDevicesBelowThePtxsArchitecture() {
        assertThat(KernelImage.missing(12_080, new ComputeCapability(8, 6))).isTrue();
        assertThat(KernelImage.missing(12_080, new ComputeCapability(8, 9))).isFalse();
        assertThat(KernelImage.missing(13_000, new ComputeCapability(8, 0))).isFalse();
    }

    @Test
    void laterArchitectureGetsPtx() {
        KernelImage image = KernelImage.select("activate", new ComputeCapability(13, 0));
        assertThat(image.target()).isEqualTo("ptx");
        assertThat(new String(image.bytes(), java.nio.charset.StandardCharsets.UTF_8))
                .contains(".visible .entry");
    }
}
