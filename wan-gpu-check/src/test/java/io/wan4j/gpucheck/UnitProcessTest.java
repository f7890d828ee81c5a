package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnitProcessTest {
    @TempDir
    private Path folder;

    private Settings settings(String device, Part... parts) {
        return new Settings(
                Workload.Size.TINY, List.of(parts), device, folder, folder.resolve("results"), Settings.UNLIMITED);
    }

    private UnitResult bad(String how, Duration limit) {
        return new UnitProcess(settings("reference"), folder)
                .run(Part.STEP, "i8", List.of(BadUnit.class.getName(), how), new UnitProcess.Limits(limit, limit));
    }

    @Test
    void aCrashLeavesTheRowsBeforeItAndTheLastWords() {
        UnitResult result = bad("halt", Duration.ofMinutes(1));
        assertThat(result.failed()).isTrue();
        assertThat(result.status()).isEqualTo(134);
        assertThat(result.rows()).hasSize(2);
        assertThat(result.rows().get(0)).isEqualTo(Row.ok("before"));
        assertThat(String.valueOf(result.rows().get(1).values().get("why"))).contains("134", "last words");
    }

    @Test
    void aUnitThatHangsIsEnded() {
        UnitResult result = bad("hang", Duration.ofSeconds(4));
        assertThat(result.failed()).isTrue();
        assertThat(result.rows()).last().extracting(Row::status).isEqualTo(Row.Status.FAILED);
        assertThat(result.seconds()).isLessThan(60);
    }

    @Test
    void aUnitGoesOnBehindACaseThatEndedItsProcess() {
        UnitResult result = bad("case", Duration.ofMinutes(1));
        assertThat(result.rows()).extracting(Row::name).containsExactly("case 0", "case 1", "case 2");
        assertThat(result.rows())
                .extracting(Row::status)
                .containsExactly(Row.Status.OK, Row.Status.FAILED, Row.Status.OK);
        assertThat(String.valueOf(result.rows().get(1).values().get("why"))).contains("139", "last words");
        assertThat(result.status()).isZero();
        assertThat(result.failed()).isTrue();
    }

    @Test
    void aUnitGoesOnBehindACaseThatLostTheDevice() {
        UnitResult result = bad("lost", Duration.ofMinutes(1));
        assertThat(result.rows())
                .extracting(Row::status)
                .containsExactly(Row.Status.OK, Row.Status.FAILED, Row.Status.OK);
        assertThat(result.rows().get(1).values()).containsEntry("why", "DeviceException: illegal address");
        assertThat(result.status()).isZero();
    }

    @Test
    void aUnitGoesOnBehindACaseThatHangs() {
        UnitResult result = new UnitProcess(settings("reference"), folder)
                .run(
                        Part.STEP,
                        "i8",
                        List.of(BadUnit.class.getName(), "stall"),
                        new UnitProcess.Limits(Duration.ofMinutes(2), Duration.ofSeconds(5)));
        assertThat(result.rows())
                .extracting(Row::status)
                .containsExactly(Row.Status.OK, Row.Status.FAILED, Row.Status.OK);
        assertThat(String.valueOf(result.rows().get(1).values().get("why"))).contains("without a result");
    }

    @Test
    void aUnitWhoseCasesAllCrashIsGivenUp() {
        UnitResult result = bad("all", Duration.ofMinutes(1));
        assertThat(result.rows()).hasSize(9).allMatch(row -> row.status() == Row.Status.FAILED);
        assertThat(String.valueOf(result.rows().get(8).values().get("why"))).contains("cases are missing");
    }

    @Test
    void withoutTimeUnitsAreLeftOutAndNamed() {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Settings none = new Settings(
                Workload.Size.TINY,
                List.of(Part.KERNELS),
                "reference",
                folder,
                folder.resolve("results"),
                Duration.ofMillis(1));
        assertThat(new GpuCheck(none, new PrintStream(printed, true, StandardCharsets.UTF_8)).run())
                .isZero();
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("left out:", "kernels linear_i8: no time left");
    }

    @Test
    void aUnitRunsInItsOwnProcess() {
        UnitResult result =
                new UnitProcess(settings("reference"), folder).run(Part.DOCTOR, "devices", Duration.ofMinutes(1), 0);
        assertThat(result.failed()).isFalse();
        assertThat(result.rows()).anyMatch(row -> row.values().containsValue("reference"));
    }

    @Test
    void withoutADeviceTheCheckSaysWhyAndEndsWithTwo() {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
        assertThat(new GpuCheck(settings("nosuch", Part.DOCTOR, Part.CONTRACT), out).run())
                .isEqualTo(2);
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("nosuch").doesNotContain("contract");
    }

    @Test
    void resultsAreKeptWithDeviceDateAndCommit() throws java.io.IOException {
        Files.writeString(folder.resolve("commit"), "abc123\n");
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
        assertThat(new GpuCheck(settings("reference", Part.DOCTOR, Part.KERNELS), out).run())
                .isZero();
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("linear small", "attention small", "all passed");
        List<Path> files;
        try (var entries = Files.list(folder.resolve("results"))) {
            files = entries.filter(Files::isRegularFile).toList();
        }
        assertThat(files).singleElement().satisfies(file -> {
            assertThat(file.getFileName().toString()).matches("reference-\\d{8}-\\d{6}\\.json");
            assertThat(Files.readString(file)).contains("\"commit\" : \"abc123\"", "\"name\" : \"linear small");
        });
    }
}
