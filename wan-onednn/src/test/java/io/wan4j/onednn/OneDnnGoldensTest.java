package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.golden.GoldenResult;
import io.wan4j.testkit.golden.GoldenSuite;
import io.wan4j.testkit.golden.GoldenSuites;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OneDnnGoldensTest {
    static List<GoldenSuite> suites() {
        return GoldenSuites.all();
    }

    @ParameterizedTest
    @MethodSource("suites")
    void f32EqualsTheOriginalWithinTheGoldensTolerance(GoldenSuite suite) {
        check(suite, ActivationFormats.F32);
    }

    @ParameterizedTest
    @MethodSource("suites")
    void bf16StaysWithinTheBoundsOfItsFormat(GoldenSuite suite) {
        check(suite, ActivationFormats.BF16);
    }

    private static void check(GoldenSuite suite, ActivationFormats formats) {
        Path goldens = Path.of(System.getProperty("wan.goldens"));
        DeviceOptions options = DeviceOptions.DEFAULT.withFormats(formats).withMemoryLimit(2L << 30);
        try (Device device = new OneDnnProvider().open(options)) {
            List<GoldenResult> results = suite.run(goldens.resolve(suite.name()), device);
            assertThat(results).isNotEmpty().allMatch(GoldenResult::passed);
        }
    }
}
