package io.wan4j.testkit.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.spi.Device;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenSuitesTest {
    static List<GoldenSuite> suites() {
        return GoldenSuites.all();
    }

    @ParameterizedTest
    @MethodSource("suites")
    void referenceEqualsTheOriginalWithinTheGoldensTolerance(GoldenSuite suite) {
        Path goldens = Path.of(System.getProperty("wan.goldens"));
        try (Device device = Device.named("reference").open()) {
            List<GoldenResult> results = suite.run(goldens.resolve(suite.name()), device);
            assertThat(results).isNotEmpty().allMatch(GoldenResult::passed);
        }
    }
}
