package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.testkit.golden.DitGoldens;
import io.wan4j.testkit.golden.GoldenResult;
import io.wan4j.testkit.golden.GoldenSuite;
import io.wan4j.testkit.golden.LoraGoldens;
import io.wan4j.testkit.golden.PipelineGoldens;
import io.wan4j.testkit.golden.QuantGoldens;
import io.wan4j.testkit.golden.TextGoldens;
import io.wan4j.testkit.golden.VaeGoldens;
import io.wan4j.testkit.golden.VisionGoldens;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The models on the simulated device against the golden vectors, at the bounds of BF16. */
class CudaGoldensTest {
    static List<GoldenSuite> suites() {
        return List.of(
                new DitGoldens(),
                new TextGoldens(),
                new VisionGoldens(),
                new VaeGoldens(),
                new LoraGoldens(),
                new QuantGoldens(),
                new PipelineGoldens());
    }

    @ParameterizedTest
    @MethodSource("suites")
    void modelsEqualTheOriginalWithinTheFormat(GoldenSuite suite) {
        Path goldens = Path.of(System.getProperty("wan.goldens"));
        try (Device device = SimulatedDevices.open(SimulatedDevices.fastDriver(), ActivationFormats.BF16)) {
            List<GoldenResult> results = suite.run(goldens.resolve(suite.name()), device);
            assertThat(results).isNotEmpty().allMatch(GoldenResult::passed);
        }
    }
}
