package io.wan4j.testkit.golden;

import io.wan4j.random.TorchCpuGenerator;
import io.wan4j.spi.Device;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The noise of a seed against {@code rng/}. Host arithmetic: the device is not used. */
public final class NoiseGoldens implements GoldenSuite {
    private static final double BOUND = 1e-6;
    private static final Pattern SINGLE = Pattern.compile("seed_(-?\\d+)\\.n_(\\d+)");
    private static final Pattern SEQUENCE = Pattern.compile("sequence_(-?\\d+)\\..*");

    @Override
    public String name() {
        return "rng";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        for (String label : GoldenSuite.files(folder, ".safetensors")) {
            results.attempt(label, () -> {
                try (GoldenFile file = GoldenFile.open(folder.resolve(label + ".safetensors"))) {
                    for (String name : file.names("")) {
                        Matcher matcher = SINGLE.matcher(name);
                        if (matcher.matches()) {
                            float[] expected = file.floats(name);
                            long seed = Long.parseLong(matcher.group(1));
                            float[] actual = new TorchCpuGenerator(seed).randn(expected.length);
                            results.compareExactly(label, name, actual, expected, Measure.MAX_ABS, BOUND);
                        } else if (!SEQUENCE.matcher(name).matches()) {
                            results.notCovered(label + " " + name);
                        }
                    }
                    sequences(label, file, results);
                }
            });
        }
    }

    /** Draws of one generator, in the order of their names. */
    private static void sequences(String label, GoldenFile file, GoldenResults results) {
        List<String> names = file.names("sequence_").stream()
                .sorted(Comparator.naturalOrder())
                .toList();
        TorchCpuGenerator generator = null;
        String current = "";
        for (String name : names) {
            Matcher matcher = SEQUENCE.matcher(name);
            if (matcher.matches()) {
                if (generator == null || !matcher.group(1).equals(current)) {
                    current = matcher.group(1);
                    generator = new TorchCpuGenerator(Long.parseLong(current));
                }
                float[] expected = file.floats(name);
                results.compareExactly(label, name, generator.randn(expected.length), expected, Measure.MAX_ABS, BOUND);
            }
        }
    }
}
