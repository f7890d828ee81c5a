package io.wan4j.testkit.synth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.wan4j.ImageToVideo;
import io.wan4j.Video;
import io.wan4j.WanPipeline;
import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.spi.Device;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticCheckpointTest {
    @TempDir
    private Path folder = Path.of("");

    private static SyntheticCheckpoint tiny(WeightEncoding encoding, Packing packing) {
        return new SyntheticCheckpoint(SyntheticSizes.tiny(), encoding, packing, EnumSet.allOf(Component.class), 3);
    }

    @ParameterizedTest
    @EnumSource(WeightEncoding.class)
    void everyEncodingMakesAVideo(WeightEncoding encoding) {
        tiny(encoding, Packing.BLOCKS).write(folder, done -> {});
        try (WanPipeline pipeline = WanPipeline.builder()
                .model(folder)
                .device(Device.named("reference"))
                .build()) {
            Picture picture = Picture.ofRgb(new PixelSize(16, 16), new byte[3 * 16 * 16]);
            Video video = pipeline.generate(
                    ImageToVideo.of(picture, "a cat").size(32, 32).frames(5));
            assertThat(video.frames()).hasSize(5);
        }
    }

    @ParameterizedTest
    @EnumSource(WeightEncoding.class)
    void packingsHoldTheSameTensors(WeightEncoding encoding) {
        tiny(encoding, Packing.BLOCKS).write(folder.resolve("blocks"), done -> {});
        tiny(encoding, Packing.FLAT).write(folder.resolve("flat"), done -> {});
        try (ModelFiles blocks = ModelFiles.open(folder.resolve("blocks"));
                ModelFiles flat = ModelFiles.open(folder.resolve("flat"))) {
            var mine = blocks.part(Component.TRANSFORMER).tensors();
            var theirs = flat.part(Component.TRANSFORMER).tensors();
            assertThat(mine.keySet()).isEqualTo(theirs.keySet());
            for (CheckpointTensor tensor : mine.values()) {
                assertThat(theirs)
                        .hasEntrySatisfying(
                                tensor.name(), other -> assertThat(other.map()).isEqualTo(tensor.map()));
            }
        }
    }

    @Test
    void fullSizeInt8HasTheReleasesNumberOfCodes() {
        SyntheticCheckpoint checkpoint = new SyntheticCheckpoint(
                SyntheticSizes.i2v14b(), WeightEncoding.INT8, Packing.BLOCKS, Set.of(Component.TRANSFORMER), 1);
        List<SyntheticTensor> codes = checkpoint.files().values().stream()
                .flatMap(List::stream)
                .filter(SyntheticTensor::isCodes)
                .toList();
        assertThat(codes).hasSize(480);
        assertThat(codes.stream()
                        .mapToLong(tensor -> tensor.spec().byteLength())
                        .sum())
                .isBetween(16_140_000_000L, 16_160_000_000L);
    }

    @ParameterizedTest
    @EnumSource(
            value = Format.class,
            names = {"F32", "BF16"})
    void largeTensorsHaveTheDeviationThatLayersWant(Format format) {
        Shape shape = Shape.of(2048, 1024);
        SyntheticTensor tensor =
                SyntheticTensor.dense("blocks.0.ffn.0.weight", shape, format).get(0);
        assertThat(rms(new SyntheticBytes(5).piece(tensor, 0), format) * Math.sqrt(1024))
                .isBetween(1 / 1.5, 1.5);
    }

    @Test
    void smallTensorsAreThoseOfRandomWeights() {
        Shape shape = Shape.of(7, 9);
        SyntheticTensor tensor =
                SyntheticTensor.dense("a.weight", shape, Format.F32).get(0);
        float[] expected = new RandomWeights(5).values("a.weight", shape);
        float[] actual = new float[63];
        FloatCodec.decode(Format.F32, new SyntheticBytes(5).piece(tensor, 0), 0, actual, 0, 63);
        assertThat(actual).containsExactly(expected, within(0f));
    }

    @Test
    void fp8CodesAreNeverNaN() {
        SyntheticTensor codes = new SyntheticTensor(
                new TensorSpec("a.weight", Format.F8_E4M3, Shape.of(1 << 20)), Shape.of(1 << 20), Format.F8_E4M3);
        assertThat(rms(new SyntheticBytes(5).piece(codes, 0), Format.F8_E4M3)).isBetween(0.1, 2.0);
    }

    private static double rms(ByteBuffer bytes, Format format) {
        float[] values = new float[bytes.limit() / format.bytes()];
        FloatCodec.decode(format, bytes, 0, values, 0, values.length);
        double squares = 0;
        for (float value : values) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares / values.length);
    }
}
