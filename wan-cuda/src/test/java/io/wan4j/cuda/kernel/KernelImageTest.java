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
    void laterArchitectureGetsPtx() {
        KernelImage image = KernelImage.select("activate", new ComputeCapability(13, 0));
        assertThat(image.target()).isEqualTo("ptx");
        assertThat(new String(image.bytes(), java.nio.charset.StandardCharsets.UTF_8))
                .contains(".visible .entry");
    }
}
