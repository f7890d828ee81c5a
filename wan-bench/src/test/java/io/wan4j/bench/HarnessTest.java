package io.wan4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HarnessTest {
    private final List<String> order = new ArrayList<>();

    private Contender contender(String name, boolean isPeer) {
        return new Contender(name, "F32", isPeer, () -> order.add(name), () -> order.add("close " + name));
    }

    private List<Row> run(int rounds) {
        Experiment experiment = new Experiment(
                "sum",
                "3",
                1e9,
                true,
                List.of(() -> contender("a", false), () -> contender("b", false), () -> contender("p", true)));
        return new Harness(2, rounds, 60, Map.of("F32", 5e9)).run(experiment);
    }

    @Test
    void contendersTakeTurnsAfterOneRoundThatWarmsUp() {
        run(3);
        assertThat(order)
                .startsWith("a", "b", "p", "a", "b", "p", "a", "b", "p", "a", "b", "p")
                .endsWith("close a", "close b", "close p")
                .hasSize(15);
    }

    @Test
    void everyOneOfOursIsComparedWithEveryPeer() {
        List<Row> rows = run(1);
        assertThat(rows).extracting(Row::backend).containsExactly("a", "b", "p");
        assertThat(rows).extracting(Row::peer).containsExactly("p F32", "p F32", null);
        assertThat(rows).allSatisfy(row -> {
            assertThat(row.gflops()).isPositive();
            assertThat(row.ceilingGflops()).isEqualTo(5);
            assertThat(row.fractionOfCeiling()).isEqualTo(row.gflops() / 5);
        });
    }

    @Test
    void jsonHasTheFieldsThatReadersExpect() {
        JsonNode json = new ObjectMapper().valueToTree(run(1)).get(0);
        List<String> names = new ArrayList<>();
        json.fieldNames().forEachRemaining(names::add);
        assertThat(names)
                .containsExactly(
                        "name",
                        "shape",
                        "format",
                        "backend",
                        "threads",
                        "median_s",
                        "gflops",
                        "ceiling_gflops",
                        "fraction_of_ceiling",
                        "peer",
                        "peer_median_s",
                        "ratio");
    }
}
