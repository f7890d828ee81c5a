package io.wan4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.media.Overwrite;
import io.wan4j.testkit.synth.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills {@code wan generate --state} at random moments: the same command goes on, and the frames are bit-equal. */
class ResumeTest {
    private static final long SEED = Long.getLong("wan.seed", 42L);

    @TempDir
    private Path folder = Path.of("");

    @Test
    void killedGenerationGoesOnToBitEqualFrames() throws IOException, InterruptedException {
        assertSurvives(3);
    }

    @Test
    @Tag("slow")
    void generationKilledTwentyTimesGoesOnToBitEqualFrames() throws IOException, InterruptedException {
        assertSurvives(20);
    }

    private void assertSurvives(int kills) throws IOException, InterruptedException {
        TinyModel.write(folder.resolve("model"), 7);
        DemoPicture.draw().writePng(folder.resolve("picture.png"), Overwrite.REFUSE);
        long start = System.nanoTime();
        run("plain", "");
        long whole = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        Random random = new Random(SEED);
        for (int generation = 0, killed = 0; killed < kills; generation++) {
            String state = "state" + generation;
            while (killed < kills) {
                Process process = start("killed" + generation, state);
                if (process.waitFor(whole / 4 + random.nextLong(whole), TimeUnit.MILLISECONDS)) {
                    assertThat(process.exitValue()).as("seed %d", SEED).isZero();
                    break;
                }
                process.destroyForcibly().waitFor();
                killed++;
                if (Files.isDirectory(folder.resolve("killed" + generation))) {
                    // The video was there already; only the report was still to be printed.
                    break;
                }
            }
            if (!Files.isDirectory(folder.resolve("killed" + generation))) {
                run("killed" + generation, state);
            }
            assertThat(frames("killed" + generation)).as("seed %d", SEED).isEqualTo(frames("plain"));
        }
    }

    private void run(String out, String state) throws IOException, InterruptedException {
        Process process = start(out, state);
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as("seed %d", SEED).isZero();
    }

    private Process start(String out, String state) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Wan.class.getName(),
                "generate",
                "--model=" + folder.resolve("model"),
                "--image=" + folder.resolve("picture.png"),
                "--prompt=a cat surfing",
                "--size=64x48",
                "--frames=5",
                "--device=reference",
                "--out=" + folder.resolve(out)));
        if (!state.isEmpty()) {
            command.add("--state=" + folder.resolve(state));
        }
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(out + ".log").toFile())
                .start();
    }

    /** Digest-sized stand-ins would hide where frames differ: the files' bytes, by name. */
    private TreeMap<String, List<Byte>> frames(String out) throws IOException {
        TreeMap<String, List<Byte>> frames = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder.resolve(out))) {
            for (Path file : files.toList()) {
                List<Byte> bytes = new ArrayList<>();
                for (byte b : Files.readAllBytes(file)) {
                    bytes.add(b);
                }
                frames.put(file.getFileName().toString(), bytes);
            }
        }
        assertThat(frames).hasSize(5);
        return frames;
    }
}
