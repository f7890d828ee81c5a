package io.wan4j.testkit.golden;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** All suites, and what of a folder of golden vectors they cover. */
public final class GoldenSuites {
    private GoldenSuites() {}

    /** One of each, in the order of a generation's parts. */
    public static List<GoldenSuite> all() {
        return List.of(
                new DitGoldens(),
                new TextGoldens(),
                new VisionGoldens(),
                new VaeGoldens(),
                new SchedulerGoldens(),
                new NoiseGoldens(),
                new NameGoldens(),
                new LoraGoldens(),
                new QuantGoldens(),
                new PipelineGoldens());
    }

    /** The suites whose folder is there. */
    public static List<GoldenSuite> in(Path goldens) {
        return all().stream()
                .filter(suite -> Files.isDirectory(goldens.resolve(suite.name())))
                .toList();
    }

    /** Names of the folders that no suite covers. */
    public static List<String> uncovered(Path goldens) {
        List<String> covered = all().stream().map(GoldenSuite::name).toList();
        return GoldenSuite.folders(goldens).stream()
                .map(folder -> String.valueOf(folder.getFileName()))
                .filter(name -> !covered.contains(name))
                .toList();
    }
}
