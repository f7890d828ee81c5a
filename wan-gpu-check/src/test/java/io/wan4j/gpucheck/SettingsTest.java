package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SettingsTest {
    private static Settings parse(String... arguments) {
        return Settings.parse(arguments, Path.of("home"));
    }

    @Test
    void byDefaultAllPartsRunInFull() {
        Settings settings = parse();
        assertThat(settings.parts()).containsExactly(Part.values());
        assertThat(settings.size()).isEqualTo(Workload.Size.FULL);
        assertThat(settings.device()).isEqualTo("cuda");
        assertThat(settings.results()).isEqualTo(Path.of("home", "results"));
    }

    @Test
    void chosenPartsRunInOrderAfterTheDoctor() {
        assertThat(parse("--quick", "--only", "step,contract").parts())
                .containsExactly(Part.DOCTOR, Part.CONTRACT, Part.STEP);
    }

    @Test
    void limitedTimeMeansFewSamplesUnlessASizeIsChosen() {
        assertThat(parse("--minutes", "8.5").limit()).isEqualTo(Duration.ofSeconds(510));
        assertThat(parse("--minutes", "8.5").size()).isEqualTo(Workload.Size.TIMED);
        assertThat(parse("--minutes", "8.5", "--quick").size()).isEqualTo(Workload.Size.QUICK);
        assertThat(parse().limited()).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("--minutes", "soon"))
                .withMessageContaining("soon");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("--minutes", "0"))
                .withMessageContaining("above 0");
    }

    @Test
    void unknownOptionsAndPartsAreNamed() {
        assertThatIllegalArgumentException().isThrownBy(() -> parse("--fast")).withMessageContaining("--fast");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("--only", "speed"))
                .withMessageContaining("contract")
                .withMessageContaining("speed");
        assertThatIllegalArgumentException().isThrownBy(() -> parse("--only")).withMessageContaining("value");
    }
}
