package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TorchCheckTest {
    @Test
    @SuppressWarnings("unchecked")
    void thePeerGetsTheNamesAndShapesOfOurKernels() {
        Map<String, Object> all = TorchCheck.cases(Workload.of(Workload.Size.FULL), 60);
        List<Map<String, Object>> cases = (List<Map<String, Object>>) all.get("cases");
        assertThat(cases)
                .anySatisfy(one -> assertThat(one)
                        .containsEntry("op", "attention")
                        .containsEntry("queries", 32760)
                        .containsEntry(
                                "name", "attention self attention 32760 queries, keys [32760], 40 heads of 128 bf16"))
                .anySatisfy(one -> assertThat(one)
                        .containsEntry("op", "linear")
                        .containsEntry("m", 32760)
                        .containsEntry("n", 13824)
                        .containsEntry("k", 5120)
                        .containsEntry("format", "f8_e4m3"));
        assertThat((Map<String, Object>) all.get("block")).containsEntry("tokens", 32760L);
    }

    @Test
    @SuppressWarnings("unchecked")
    void theLargestComesFirst() {
        List<Map<String, Object>> cases = (List<Map<String, Object>>)
                TorchCheck.cases(Workload.of(Workload.Size.TIMED), 60).get("cases");
        assertThat(cases).extracting(one -> (Double) one.get("amount")).isSortedAccordingTo(Comparator.reverseOrder());
    }

    @Test
    void linesOfTheScriptBecomeRows() throws IOException {
        Row measured = TorchCheck.row("{\"name\": \"linear\", \"status\": \"OK\", \"ms\": 1.5, \"peer\": \"torch\"}");
        assertThat(measured.status()).isEqualTo(Row.Status.OK);
        assertThat(measured.values()).containsEntry("ms", 1.5).containsEntry("peer", "torch");
        assertThat(TorchCheck.row("{\"name\": \"torch\", \"status\": \"SKIPPED\", \"why\": \"absent\"}")
                        .status())
                .isEqualTo(Row.Status.SKIPPED);
    }
}
