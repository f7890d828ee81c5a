package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

final class JavaCppLimitsTest {
    /** Prints the limit that is left when the backend has been loaded into a fresh JVM. */
    static final class Probe {
        private Probe() {}

        public static void main(String[] args) {
            NativeHeap.allocate(1).free();
            System.out.println(Pointer.maxPhysicalBytes());
        }
    }

    @Test
    void processMayHoldMoreThanFourHeaps() throws IOException, InterruptedException {
        assertThat(limit("-Xmx64m")).isEqualTo("0");
    }

    @Test
    void limitOfTheUserIsKept() throws IOException, InterruptedException {
        assertThat(limit("-Dorg.bytedeco.javacpp.maxPhysicalBytes=1g")).isEqualTo(Long.toString(1L << 30));
    }

    private static String limit(String option) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        option,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Probe.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return text.strip();
    }
}
