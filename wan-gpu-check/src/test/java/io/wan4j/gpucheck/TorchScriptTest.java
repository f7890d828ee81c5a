package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code bench_torch.py} with something that only has the names of PyTorch. */
class TorchScriptTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void python3IsThere() throws InterruptedException {
        boolean there;
        try {
            there = new ProcessBuilder("python3", "--version").start().waitFor() == 0;
        } catch (IOException absent) {
            there = false;
        }
        assumeTrue(there, "python3 is not installed: the script of the GPU check was not run");
    }

    private List<Row> run(String kind, long seconds) throws IOException, InterruptedException {
        Map<String, Object> cases = new LinkedHashMap<>(TorchCheck.cases(Workload.of(Workload.Size.TINY), seconds));
        Path file = folder.resolve("cases.json");
        new ObjectMapper().writeValue(file.toFile(), cases);
        Path module = Path.of(System.getProperty("wan.goldens")).resolveSibling("wan-gpu-check");
        ProcessBuilder builder = new ProcessBuilder(
                "python3", module.resolve("src/main/bundle/bench_torch.py").toString(), file.toString());
        builder.environment()
                .put(
                        "PYTHONPATH",
                        module.resolve("src/test/resources/torch_stub").toString());
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        builder.environment().put("TORCH_STUB", kind);
        Path errors = folder.resolve("errors");
        Process process = builder.redirectError(errors.toFile()).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
        List<Row> rows = new ArrayList<>();
        for (String line : printed.lines().toList()) {
            rows.add(TorchCheck.row(line));
        }
        return rows;
    }

    private static List<Object> peers(List<Row> rows) {
        return rows.stream()
                .filter(row -> row.values().containsKey("peer"))
                .map(row -> row.values().get("peer"))
                .toList();
    }

    @Test
    void everyPeerGivesARow() throws IOException, InterruptedException {
        List<Row> rows = run("", 100);
        assertThat(peers(rows))
                .containsExactlyInAnyOrder(
                        "torch linear",
                        "torch _scaled_mm, a scale a row",
                        "torch _int_mm, no scales",
                        "torch SDPA cuDNN",
                        "torch eager",
                        "torch.compile");
        assertThat(rows)
                .filteredOn(row -> row.status() == Row.Status.SKIPPED)
                .singleElement()
                .satisfies(row -> assertThat(String.valueOf(row.values().get("why")))
                        .contains("torch SDPA flash: No available kernel"));
    }

    @ParameterizedTest
    @CsvSource({"no_gpu, torch sees no GPU", "broken, libtorch_cuda.so"})
    void withoutTorchThereIsALineThatSaysWhy(String kind, String why) throws IOException, InterruptedException {
        assertThat(run(kind, 100)).singleElement().satisfies(row -> {
            assertThat(row.status()).isEqualTo(Row.Status.SKIPPED);
            assertThat(String.valueOf(row.values().get("why"))).contains(why);
        });
    }

    @Test
    void whatAnOldTorchLacksIsNamedAndTheRestIsMeasured() throws IOException, InterruptedException {
        List<Row> rows = run("old", 100);
        assertThat(peers(rows)).containsExactlyInAnyOrder("torch linear", "torch _int_mm, no scales", "torch SDPA");
        assertThat(rows)
                .filteredOn(row -> row.status() == Row.Status.SKIPPED)
                .extracting(row -> String.valueOf(row.values().get("why")))
                .anyMatch(why -> why.contains("float8_e4m3fn"))
                .anyMatch(why -> why.contains("no compiler"))
                .anyMatch(why -> why.contains("rms_norm"));
    }

    @Test
    void withoutTimeTheRestIsNamed() throws IOException, InterruptedException {
        assertThat(run("", 0))
                .filteredOn(row -> "no time left".equals(row.values().get("why")))
                .hasSize(4);
    }
}
