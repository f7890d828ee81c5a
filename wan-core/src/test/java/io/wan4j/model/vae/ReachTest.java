package io.wan4j.model.vae;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReachTest {
    @Test
    void layerThatSeesOneFrameRepeatsAsOftenAsItsInput() {
        assertThat(Reach.FRAME.repeats(0)).isZero();
        assertThat(Reach.FRAME.repeats(7)).isEqualTo(7);
    }

    @Test
    void reachesOfASequenceAddUp() {
        assertThat(new Reach(2, 1).then(new Reach(2, 1))).isEqualTo(new Reach(4, 1));
        assertThat(new Reach(2, 2).then(new Reach(4, 1))).isEqualTo(new Reach(10, 2));
    }

    /** Counts on symbolic frames: an output is the list of the frames that it saw. */
    @ParameterizedTest
    @CsvSource({"0,1", "2,1", "4,1", "2,2"})
    void outputsRepeatAtLeastAsOftenAsPromised(int earlier, int stride) {
        Reach reach = new Reach(earlier, stride);
        for (int change = 1; change < 12; change++) {
            int[] promised = {-1};
            String previous = "";
            int repeats = 0;
            for (int t = earlier - earlier % stride; t < 40; t += stride) {
                StringBuilder seen = new StringBuilder();
                for (int s = t - earlier; s <= t; s++) {
                    seen.append(s < change ? "(" + s + ")" : "same");
                }
                repeats = seen.toString().equals(previous) ? repeats + 1 : 0;
                previous = seen.toString();
                promised[0] = reach.repeats(Math.max(0, t - change));
                assertThat(promised[0]).isLessThanOrEqualTo(repeats);
            }
            assertThat(promised[0]).isPositive();
        }
    }
}
