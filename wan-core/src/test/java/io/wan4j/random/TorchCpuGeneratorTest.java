package io.wan4j.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TorchCpuGeneratorTest {
    private static final Pattern CASE = Pattern.compile("seed_(\\d+)\\.n_(\\d+)");
    private static final float BOUND = 1e-6f;

    @Test
    void seedGivesPyTorchsNoise() {
        int cases = 0;
        try (SafetensorsFile file = open()) {
            for (String name : file.names()) {
                Matcher matcher = CASE.matcher(name);
                if (matcher.matches()) {
                    long seed = Long.parseLong(matcher.group(1));
                    int count = Integer.parseInt(matcher.group(2));
                    check(file, name, new TorchCpuGenerator(seed).randn(count));
                    cases++;
                }
            }
        }
        assertThat(cases).isGreaterThanOrEqualTo(32);
    }

    @Test
    void drawsInARowContinueTheSequence() {
        try (SafetensorsFile file = open()) {
            TorchCpuGenerator generator = new TorchCpuGenerator(42);
            check(file, "sequence_42.first_20", generator.randn(20));
            check(file, "sequence_42.then_5", generator.randn(5));
            check(file, "sequence_42.then_64", generator.randn(64));
        }
    }

    @Test
    void onlyTheLow32BitsOfTheSeedCount() {
        assertThat(new TorchCpuGenerator(7).randn(40)).containsExactly(new TorchCpuGenerator((3L << 32) + 7).randn(40));
    }

    @Test
    void mersenneTwisterGivesItsPublishedTenThousandthWord() {
        // ISO C++ [rand.predef]: the 10000th value of mt19937 with the default seed 5489.
        MersenneTwister engine = new MersenneTwister(5489);
        int last = IntStream.range(0, 10_000).map(i -> engine.nextWord()).reduce(0, (a, b) -> b);
        assertThat(Integer.toUnsignedLong(last)).isEqualTo(4123659995L);
    }

    @Test
    void largeDrawIsStandardNormal() {
        float[] values = new TorchCpuGenerator(9).randn(1 << 20);
        double mean = IntStream.range(0, values.length)
                .mapToDouble(i -> values[i])
                .average()
                .orElseThrow();
        double square = IntStream.range(0, values.length)
                .mapToDouble(i -> (double) values[i] * values[i])
                .average()
                .orElseThrow();
        // Five standard errors.
        assertThat(mean).isCloseTo(0, within(5.0 / 1024));
        assertThat(square).isCloseTo(1, within(5 * Math.sqrt(2) / 1024));
    }

    private static SafetensorsFile open() {
        return SafetensorsFile.open(Goldens.path("rng/torch_cpu.safetensors"));
    }

    private static void check(SafetensorsFile file, String name, float[] got) {
        float[] expected = file.find(name).orElseThrow().toFloats();
        assertThat(got).as(name).hasSameSizeAs(expected);
        for (int i = 0; i < got.length; i++) {
            assertThat(got[i]).as(name + " at " + i).isCloseTo(expected[i], within(BOUND));
        }
    }
}
