package io.wan4j.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.error.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Conversions in a process of their own that is killed, or runs out of room. */
class ConversionCrashTest {
    private static final long SEED = Long.getLong("wan.seed", 42L);
    private static final int KILLS = 4;

    @TempDir
    private Path folder = Path.of("");

    /** Converts its first argument to its second, slowly. */
    static final class SlowConversion {
        private SlowConversion() {}

        public static void main(String[] args) {
            Conversion conversion = new Conversion(
                    Path.of(args[0]),
                    Path.of(args[1]),
                    Tiny.single(TargetLayout.OFFICIAL),
                    TargetFormat.FP8,
                    List.of());
            try {
                new Converter(conversion, (what, done, total) -> pause()).run();
            } catch (RuntimeException failure) {
                System.err.println(failure.getMessage());
                System.exit(7);
            }
        }

        private static void pause() {
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private Process start(Path target, String limit) throws IOException {
        return new ProcessBuilder("bash", "-c", limit + "exec " + command(target))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
    }

    private static String command(Path target) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return "'" + java + "' -Xmx256m -Dwan.goldens='" + System.getProperty("wan.goldens") + "' -cp '"
                + System.getProperty("java.class.path") + "' '" + SlowConversion.class.getName() + "' '"
                + Tiny.TRANSFORMER + "' '" + target + "'";
    }

    private Path journal(Path target) {
        return target.resolveSibling("." + target.getFileName() + ".converting").resolve("journal");
    }

    @Test
    void conversionKilledAgainAndAgainLeavesNothingThatLoadsAndGoesOn() throws IOException, InterruptedException {
        Path target = folder.resolve("fp8.safetensors");
        Random random = new Random(SEED);
        long journaled = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = start(target, "");
            long until = journaled + 1 + random.nextInt(25);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (lines(journal(target)) < until && process.isAlive() && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(random.nextInt(10));
            }
            process.destroyForcibly().waitFor();
            assertThat(lines(journal(target))).as("seed %d", SEED).isGreaterThanOrEqualTo(journaled);
            journaled = lines(journal(target));
            assertThat(target).doesNotExist();
            assertNothingLoads();
        }
        int[] ticks = {0};
        Conversion conversion = new Conversion(
                Tiny.TRANSFORMER, target, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.FP8, List.of());
        new Converter(conversion, (what, done, total) -> ticks[0]++).run();
        Path whole = folder.resolve("whole.safetensors");
        Tiny.convert(Tiny.TRANSFORMER, whole, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.FP8);
        assertThat(Files.mismatch(target, whole)).as("seed %d", SEED).isEqualTo(-1);
        // The first line says what is converted; every other one spares the writing of a tensor.
        assertThat((long) ticks[0]).isEqualTo(2L * Tiny.content(whole).size() - (journaled - 1));
        assertThat(journal(target).getParent()).doesNotExist();
    }

    @Test
    void anotherConversionClearsWhatAKilledOneLeft() throws IOException, InterruptedException {
        Path target = folder.resolve("out.safetensors");
        Process process = start(target, "");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (lines(journal(target)) < 3 && process.isAlive() && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        process.destroyForcibly().waitFor();
        Files.createFile(journal(target).resolveSibling("older.safetensors.staged"));
        Conversion other = new Conversion(
                Tiny.TRANSFORMER, target, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.INT8, List.of());
        new Converter(other, ConversionListener.NONE).run();
        Path whole = folder.resolve("whole.safetensors");
        Tiny.convert(Tiny.TRANSFORMER, whole, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.INT8);
        assertThat(Files.mismatch(target, whole)).isEqualTo(-1);
        assertThat(journal(target).getParent()).doesNotExist();
    }

    private void assertNothingLoads() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                assertThatThrownBy(() -> ModelPart.open(path).close())
                        .as(path.toString())
                        .isInstanceOf(CheckpointException.class);
            }
        }
    }

    private static long lines(Path file) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        return Files.readString(file).chars().filter(c -> c == '\n').count();
    }

    /**
     * A file system of its own in memory: too small from the start, or large enough for the tensors, not for what goes with
     * them, so that it is full in the midst of writing. Skipped where a process may not mount one.
     */
    @ParameterizedTest
    @CsvSource({"300, free; is the disk full?", "TENSORS, is the disk full?"})
    void fullFileSystemIsToldAndLeftEmpty(String kibibytes, String words) throws IOException, InterruptedException {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        Path whole = folder.resolve("whole.safetensors");
        long bytes = Tiny.convert(Tiny.TRANSFORMER, whole, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.FP8)
                .bytes();
        long size = kibibytes.equals("TENSORS") ? (bytes + 4095) / 4096 * 4096 : Long.parseLong(kibibytes) << 10;
        String mount = "mount -t tmpfs -o size=" + size + " none '" + disk + "'";
        assumeTrue(
                new ProcessBuilder("unshare", "-rm", "bash", "-c", mount)
                                .start()
                                .waitFor()
                        == 0,
                "no file systems of one's own here");
        Path script = Files.writeString(
                folder.resolve("script"),
                command(disk.resolve("o.safetensors")) + "; code=$?; ls -A '" + disk + "' | wc -l; exit $code");
        Process process = new ProcessBuilder("unshare", "-rm", "bash", "-c", mount + "; . '" + script + "'")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        String log = Files.readString(folder.resolve("log"));
        assertThat(process.exitValue()).as(log).isEqualTo(7);
        assertThat(log).contains("o.safetensors").contains(words).endsWith("\n0\n");
    }

    @Test
    void fullDiskIsToldAndLeavesNothing() throws IOException, InterruptedException {
        Path target = folder.resolve("full.safetensors");
        // A limit on the size of files, in KiB, fails writes as a full disk does.
        Process process = start(target, "trap '' XFSZ; ulimit -f 300; ");
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        String log = Files.readString(folder.resolve("log"));
        assertThat(process.exitValue()).as(log).isEqualTo(7);
        assertThat(log).contains("full.safetensors").contains("is the disk full?");
        assertThat(target).doesNotExist();
        assertThat(journal(target).getParent()).doesNotExist();
    }
}
