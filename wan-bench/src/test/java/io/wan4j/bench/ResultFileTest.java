package io.wan4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultFileTest {
    private final Machine machine =
            new Machine("2026-01-01", "abc", "cpu", 2, 2, 1024, "vm", "os", Map.of("onednn", "3"));

    @TempDir
    private Path folder;

    private static Row row(String name, double seconds) {
        return new Row(name, "3x4", "BF16", "onednn", 2, seconds, 1, 2, 0.5, "libtorch BF16", 2 * seconds, 2.0);
    }

    private List<Double> medians(Path file) throws IOException {
        List<Double> medians = new ArrayList<>();
        for (JsonNode row : new ObjectMapper().readTree(file.toFile())) {
            medians.add(row.get("median_s").asDouble());
        }
        return medians;
    }

    @Test
    void fileIsWholeAfterEveryExperiment() throws IOException {
        Path file = folder.resolve("r.json");
        ResultFile results = ResultFile.open(file, machine);
        results.add(List.of(row("a", 1)));
        assertThat(medians(file)).containsExactly(1.0);
        results.add(List.of(row("b", 2), row("c", 3)));
        assertThat(medians(file)).containsExactly(1.0, 2.0, 3.0);
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).containsExactlyInAnyOrder(file, folder.resolve("r.machine.json"));
        }
    }

    @Test
    void laterRunReplacesItsRowsAndKeepsTheOthers() throws IOException {
        Path file = folder.resolve("r.json");
        ResultFile.open(file, machine).add(List.of(row("a", 1), row("b", 2)));
        ResultFile.open(file, machine).add(List.of(row("b", 4), row("c", 5)));
        assertThat(medians(file)).containsExactly(1.0, 4.0, 5.0);
    }

    @Test
    void rowsOfOtherSourcesAreNotMixed() {
        Path file = folder.resolve("r.json");
        ResultFile.open(file, machine).add(List.of(row("a", 1)));
        Machine other = new Machine("2026-01-02", "def", "cpu", 2, 2, 1024, "vm", "os", Map.of("onednn", "3"));
        assertThatThrownBy(() -> ResultFile.open(file, other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("commit def")
                .hasMessageContaining("commit abc");
    }

    @Test
    void fileWithSomethingElseIsLeftAlone() throws IOException {
        Path file = Files.writeString(folder.resolve("r.json"), "notes");
        assertThatThrownBy(() -> ResultFile.open(file, machine)).isInstanceOf(IllegalArgumentException.class);
        Files.writeString(folder.resolve("r.machine.json"), "{\"what\": 1}");
        assertThatThrownBy(() -> ResultFile.open(file, machine)).isInstanceOf(IllegalArgumentException.class);
        assertThat(file).hasContent("notes");
    }

    @Test
    void nameMustEndInJson() {
        assertThatThrownBy(() -> ResultFile.open(folder.resolve("r.txt"), machine))
                .hasMessageContaining(".json");
    }

    @Test
    void versionsComeFromTheLibraries() {
        Machine here = Machine.here(2);
        assertThat(here.versions().get("onednn")).startsWith("3.");
        assertThat(here.versions().get("libtorch")).startsWith("2.");
        assertThat(here.versions().get("ejml")).startsWith("0.");
        assertThat(here.isSame(Machine.here(2))).isTrue();
    }
}
