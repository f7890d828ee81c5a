package io.wan4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.Cancellation;
import io.wan4j.Progress;
import io.wan4j.media.Overwrite;
import io.wan4j.media.Picture;
import io.wan4j.pipeline.Phase;
import io.wan4j.testkit.synth.TinyModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class CommandsTest {
    private static final Path GOLDENS = Path.of(System.getProperty("wan.goldens", "goldens"));

    @TempDir
    Path folder;

    @Test
    void demoWritesAVideoAndAContactSheet() {
        Run run = Run.of("demo", "--device", "reference", "--out", folder.toString());
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(folder.resolve("demo.mp4")).isNotEmptyFile();
        assertThat(Picture.read(folder.resolve("contact-sheet.png")).size().width())
                .isGreaterThan(500);
        assertThat(run.out()).contains("never trained", "demo.mp4", "contact-sheet.png", "denoising");
        assertThat(run.errLines()).hasSizeLessThan(20).allMatch(line -> line.startsWith("wan: "));
        assertThat(run.err()).doesNotContain("\r");
    }

    @Test
    void verifyCountsTheCasesOfAFolderThatHasOnlySome() throws IOException {
        copy("rng", "torch_cpu.safetensors");
        copy("t5", "model.safetensors", "cases.json", "case_0.safetensors");
        Files.writeString(folder.resolve("t5/cases.json"), "{\"cases\": [{\"case\": 0}]}");
        Files.createDirectory(folder.resolve("unknown"));
        Path json = folder.resolve("results.json");
        Run run = Run.of("verify", "--goldens", folder.toString(), "--json", json.toString());
        assertThat(run.code()).as(run.err()).isZero();
        List<String> lines = run.outLines();
        assertThat(lines.get(lines.size() - 1)).isEqualTo("2 passed, 0 failed");
        assertThat(run.out()).contains("t5/case_0", "rng/torch_cpu", "unknown");
        assertThat(Files.readString(json)).contains("case_0", "bound", "error");
    }

    @Test
    void verifyFailsWithCodeOneIfACaseFails() throws IOException {
        copy("t5", "model.safetensors", "cases.json", "case_0.safetensors", "case_1.safetensors");
        Files.move(folder.resolve("t5/case_0.safetensors"), folder.resolve("t5/case_9.safetensors"));
        Files.writeString(folder.resolve("t5/cases.json"), "{\"cases\": [{\"case\": 1}, {\"case\": 9}]}");
        damage(folder.resolve("t5/case_9.safetensors"));
        Run run = Run.of("verify", "--goldens", folder.toString());
        assertThat(run.outLines()).last().isEqualTo("1 passed, 1 failed");
        assertThat(run.out()).contains("FAIL t5/case_9");
        assertThat(run.code()).isEqualTo(1);
    }

    /** Flips high bits of values in the last tensor, of which the last rows are padding. */
    private static void damage(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        for (int i = bytes.length - 1; i > bytes.length - 2000; i -= 4) {
            bytes[i] ^= 0x40;
        }
        Files.write(file, bytes);
    }

    private void copy(String suite, String... files) throws IOException {
        Files.createDirectories(folder.resolve(suite));
        for (String file : files) {
            Files.copy(
                    GOLDENS.resolve(suite).resolve(file), folder.resolve(suite).resolve(file));
        }
    }

    @Test
    void inspectPlanAndDoctorPrintToTheOutput() {
        Path model = folder.resolve("model");
        TinyModel.write(model, 3);
        Path picture = folder.resolve("p.png");
        DemoPicture.draw().writePng(picture, Overwrite.REFUSE);
        assertThat(Run.of("inspect", model.toString()).out()).contains("VAE", "F32", "tokenizer.json");
        assertThat(Run.of("plan", "--model", model.toString(), "--image", picture.toString(), "--frames", "5")
                        .out())
                .contains("denoising", "TFLOP", "peak device memory");
        assertThat(Run.of("doctor").out()).contains("java ", "reference");
    }

    @Test
    void linesAreSparse() {
        StringWriter text = new StringWriter();
        long[] now = {0};
        try (ProgressLines lines = new ProgressLines(new PrintWriter(text), () -> now[0])) {
            for (int i = 0; i < 100; i++) {
                now[0] += TimeUnit.SECONDS.toNanos(1);
                lines.on(new Progress(
                        Phase.DENOISING,
                        1,
                        1,
                        i + 1,
                        100,
                        i / 100.0,
                        Duration.ofSeconds(i),
                        Duration.ZERO,
                        new Cancellation()));
            }
        }
        assertThat(text.toString().lines()).hasSizeBetween(6, 8);
    }

    @Test
    @Timeout(120)
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void ctrlCLeavesNothingAndEndsWith130() throws IOException, InterruptedException {
        Path model = folder.resolve("model");
        TinyModel.write(model, 3);
        Path picture = folder.resolve("p.png");
        DemoPicture.draw().writePng(picture, Overwrite.REFUSE);
        Path target = folder.resolve("video.mp4");
        Path err = folder.resolve("err.txt");
        // A shell's background job ignores Ctrl-C, and so do its children: take the default back, where env can.
        List<String> start = OS.LINUX.isCurrentOs() ? List.of("env", "--default-signal=INT") : List.of();
        List<String> command = new ArrayList<>(start);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "io.wan4j.cli.Wan",
                "generate",
                "--model=" + model,
                "--image=" + picture,
                "--prompt=the sea",
                "--out=" + target,
                "--device=reference",
                "--size=320x320",
                "--frames=81"));
        Process process = new ProcessBuilder(command)
                .redirectError(err.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            while (process.isAlive() && !Files.readString(err).contains("image encoding")) {
                Thread.sleep(50);
            }
            assertThat(process.isAlive()).as(Files.readString(err)).isTrue();
            new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                    .start()
                    .waitFor();
            assertThat(process.waitFor()).isEqualTo(130);
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(err)).endsWith("wan: cancelled\n").doesNotContain("Exception");
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactlyInAnyOrder(model, picture, err);
        }
    }
}
