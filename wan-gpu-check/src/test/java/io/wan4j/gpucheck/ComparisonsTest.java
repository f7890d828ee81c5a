package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonsTest {
    private static UnitResult unit(Part part, Row... rows) {
        return new UnitResult(part, "unit", 1, 0, List.of(rows));
    }

    private static Row rate(String name, String kind, double rate) {
        return Row.ok(name).with("kind", kind).with("rate", rate);
    }

    @Test
    void theShareIsOfTheHighestCeilingOfItsKind() {
        UnitResult own = unit(Part.KERNELS, rate("linear", "i8", 50));
        Comparisons comparisons = new Comparisons(List.of(
                unit(Part.CEILING, rate("own", "i8", 80), rate("copy", "copy", 3)),
                unit(Part.CEILING, rate("cublas", "i8", 100)),
                own));
        assertThat(comparisons.compare(own, own.rows().get(0)).values()).containsEntry("ofCeiling", 0.5);
    }

    @Test
    void aPeerIsComparedByName() {
        UnitResult own = unit(Part.KERNELS, rate("linear 1", "i8", 50), rate("linear 2", "i8", 50));
        UnitResult peer = unit(Part.TORCH, rate("linear 1", "i8", 25).with("peer", "torch"));
        Comparisons comparisons = new Comparisons(List.of(own, peer));
        assertThat(comparisons.compare(own, own.rows().get(0)).values()).containsEntry("x torch", 2.0);
        assertThat(comparisons.compare(own, own.rows().get(1)).values()).doesNotContainKey("x torch");
        assertThat(comparisons.compare(peer, peer.rows().get(0)).values()).doesNotContainKey("x torch");
    }

    @Test
    void whatFailedIsNoCeiling() {
        UnitResult own = unit(Part.KERNELS, rate("linear", "i8", 50));
        Comparisons comparisons =
                new Comparisons(List.of(unit(Part.CEILING, rate("own", "i8", 80).passedIf(false)), own));
        assertThat(comparisons.compare(own, own.rows().get(0)).values()).doesNotContainKey("ofCeiling");
    }
}
