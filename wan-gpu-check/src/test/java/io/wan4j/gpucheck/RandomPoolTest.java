package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RandomPoolTest {
    private static final int POOL = 1 << 16;

    private final RandomPool pool = new RandomPool(POOL);

    private static double deviation(Format format, ByteBuffer bytes, int count) {
        float[] values = new float[count];
        if (format == Format.I8) {
            for (int i = 0; i < count; i++) {
                values[i] = bytes.get(i);
            }
        } else {
            FloatCodec.decode(format, bytes, 0, values, 0, count);
        }
        double squares = 0;
        for (float value : values) {
            squares += value * value;
        }
        return Math.sqrt(squares / count);
    }

    @ParameterizedTest
    @EnumSource(names = {"I8", "F8_E4M3"})
    void codesAreFiniteAndSpread(Format format) {
        StoredTensor codes = pool.codes("w", format, Shape.of(100, 100));
        double expected = RandomPool.deviation(format);
        assertThat(deviation(format, codes.read(0, 10_000), 10_000)).isBetween(0.9 * expected, 1.1 * expected);
    }

    @Test
    void aTensorLargerThanThePoolReadsInOneGo() {
        StoredTensor large = pool.tensor("w", Format.BF16, Shape.of(3, POOL), 0, 1);
        ByteBuffer all = large.read(0, large.bytes());
        assertThat(all.capacity()).isEqualTo(6 * POOL);
        assertThat(deviation(Format.BF16, all, 3 * POOL)).isBetween(0.95, 1.05);
    }

    @Test
    void theSameReadGivesTheSameBytes() {
        StoredTensor one = pool.tensor("w", Format.F32, Shape.of(1000), 0, 1);
        assertThat(one.read(400, 800)).isEqualTo(one.read(400, 800));
    }

    @Test
    void onlyLayersOfBlocksAreQuantised() {
        Shape shape = Shape.of(8, 16);
        RandomSource source = new RandomSource(
                Map.of("blocks.0.ffn.0.weight", shape, "head.head.weight", shape, "blocks.0.ffn.0.bias", Shape.of(8)),
                Format.I8,
                pool);
        assertThat(source.weight("blocks.0.ffn.0", shape).values().format()).isEqualTo(Format.I8);
        assertThat(source.weight("blocks.0.ffn.0", shape).scale()).isPresent();
        assertThat(source.weight("head.head", shape).values().format()).isEqualTo(Format.BF16);
        assertThat(source.find("blocks.0.ffn.0.bias"))
                .get()
                .extracting(StoredTensor::format)
                .isEqualTo(Format.F32);
    }
}
