package io.wan4j.testkit.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.spi.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the suites say of folders that are damaged, or that hold more than they know. */
class ChangedGoldensTest {
    @TempDir
    private Path temporary = Path.of("");

    private Path scheduler = Path.of("");
    private Path text = Path.of("");

    @BeforeEach
    void copyGoldens() {
        scheduler = copy("scheduler");
        text = copy("t5");
    }

    @Test
    void oneChangedValueFailsExactlyItsCase() throws IOException {
        Path file = scheduler.resolve("unipc_4_shift5.safetensors");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(length, 0);
            ByteBuffer header = ByteBuffer.allocate((int) length.getLong(0));
            channel.read(header, 8);
            String names = new String(header.array(), StandardCharsets.UTF_8);
            String offsets = names.replaceAll("(?s).*\"out.latents\".*?\"data_offsets\":\\s*\\[(\\d+).*", "$1");
            ByteBuffer large =
                    ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, 7f);
            channel.write(large, 8 + header.capacity() + Long.parseLong(offsets));
        }
        GoldenResults results = run(new SchedulerGoldens(), scheduler);
        assertThat(failed(results)).containsExactly("unipc_4_shift5");
        assertThat(results.uncovered()).isEmpty();
    }

    @Test
    void missingAndTruncatedFilesFailTheirCasesAndOthersStillRun() throws IOException {
        Files.delete(scheduler.resolve("dpmpp_4_shift5.safetensors"));
        Path file = scheduler.resolve("distill_a_fp32.safetensors");
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 700));
        GoldenResults results = run(new SchedulerGoldens(), scheduler);
        assertThat(failed(results)).containsExactlyInAnyOrder("dpmpp_4_shift5", "distill_a_fp32");
        assertThat(results.list())
                .filteredOn(result -> !result.passed())
                .extracting(GoldenResult::tensor)
                .allMatch(message -> message.contains(".safetensors"));
        assertThat(results.list()).hasSizeGreaterThan(100);
    }

    @Test
    void brokenListFailsTheSuite() throws IOException {
        Files.writeString(scheduler.resolve("cases.json"), "[{");
        assertThat(failed(run(new SchedulerGoldens(), scheduler))).containsExactly("suite");
    }

    @Test
    void kindsAndParametersAndFilesThatAreNotKnownAreNotCoveredByName() throws IOException {
        Path list = scheduler.resolve("cases.json");
        Files.writeString(
                list,
                Files.readString(list)
                        .replaceFirst(
                                "\\[",
                                "[{\"file\": \"heun_4\", \"kind\": \"heun\", \"steps\": 4, \"shift\": 5.0},"
                                        + "{\"file\": \"unipc_3rd\", \"kind\": \"unipc\", \"steps\": 4, \"shift\": 5.0,"
                                        + " \"order\": 3},"));
        Files.copy(scheduler.resolve("unipc_4_shift5.safetensors"), scheduler.resolve("extra.safetensors"));
        GoldenResults results = run(new SchedulerGoldens(), scheduler);
        assertThat(failed(results)).isEmpty();
        assertThat(results.uncovered()).containsExactly("scheduler/heun_4", "scheduler/unipc_3rd", "scheduler/extra");
    }

    @Test
    void modelThatIsMissingIsAFailureWithTheFile() throws IOException {
        Files.delete(text.resolve("model.safetensors"));
        GoldenResults results = run(new TextGoldens(), text);
        assertThat(failed(results)).containsExactly("suite");
        assertThat(results.list())
                .singleElement()
                .satisfies(result -> assertThat(result.tensor()).contains("model.safetensors"));
    }

    @Test
    void caseThatIsMissingFailsAloneAmongOthersOfItsModel() throws IOException {
        Files.delete(text.resolve("case_1.safetensors"));
        GoldenResults results = run(new TextGoldens(), text);
        assertThat(failed(results)).containsExactly("case_1");
        assertThat(results.list()).extracting(GoldenResult::caseName).contains("case_0", "case_4", "text_cleaning");
    }

    private static GoldenResults run(GoldenSuite suite, Path folder) {
        try (Device device = Device.named("reference").open()) {
            return suite.report(folder, device);
        }
    }

    private static Set<String> failed(GoldenResults results) {
        return results.list().stream()
                .filter(result -> !result.passed())
                .map(GoldenResult::caseName)
                .collect(Collectors.toSet());
    }

    private Path copy(String suite) {
        Path from = Path.of(System.getProperty("wan.goldens")).resolve(suite);
        Path to = temporary.resolve(suite);
        try (Stream<Path> files = Files.list(from)) {
            Files.createDirectories(to);
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(String.valueOf(file.getFileName())));
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return to;
    }
}
