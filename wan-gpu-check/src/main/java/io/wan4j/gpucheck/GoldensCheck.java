package io.wan4j.gpucheck;

import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.golden.GoldenResult;
import io.wan4j.testkit.golden.GoldenSuite;
import io.wan4j.testkit.golden.GoldenSuites;
import java.nio.file.Path;
import java.util.List;

/** One suite of golden vectors in one format of activations; {@code unit} is for example {@code bf16:dit}. */
record GoldensCheck(String unit) implements Check {
    @Override
    public void run(CheckContext context) {
        String name = CheckContext.subject(unit);
        GoldenSuite suite = GoldenSuites.all().stream()
                .filter(candidate -> candidate.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("golden vectors: no suite " + name));
        Path folder = context.home().resolve("goldens").resolve(name);
        try (Target target = context.open(DeviceOptions.DEFAULT.withFormats(CheckContext.formats(unit)))) {
            List<GoldenResult> results = suite.run(folder, target.device());
            double worst = 0;
            for (GoldenResult result : results) {
                worst = Math.max(worst, result.bound() == 0 ? 0 : result.error() / result.bound());
                if (!result.passed()) {
                    context.add(Row.failed(result.caseName() + " " + result.tensor(), result.toString()));
                }
            }
            long passed = results.stream().filter(GoldenResult::passed).count();
            context.add(
                    Row.ok("goldens " + name + ", " + target.device().formats().compute() + " activations")
                            .with("tensors", results.size())
                            .with("passed", passed)
                            .with("worstShareOfBound", Timing.round(worst))
                            .passedIf(!results.isEmpty() && passed == results.size()));
        }
    }
}
