package io.wan4j.checkpoint.layout;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.GenerationPlan;
import io.wan4j.Precision;
import io.wan4j.WanPipelineBuilder;
import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.gguf.GgufBuilder;
import io.wan4j.error.UnsupportedException;
import io.wan4j.pipeline.Phase;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is computed where the format of a checkpoint and the wished precision meet. */
class StoredPrecisionTest {
    private static final Path FP8 = Goldens.path("quant/distill_fp8");
    private static final Path INT8 = Goldens.path("quant/int8");
    private static final Path SCALED = Goldens.path("quant/fp8_comfy");

    @TempDir
    private Path folder = Path.of("");

    /** A block format of GGUF: code, elements and bytes of a block, offsets of the F16 scale and minimum. */
    private record Block(int code, int elements, int bytes, int scaleAt, int minimumAt) {
        byte[] of(long count, SplittableRandom random) {
            int blocks = Math.toIntExact(count / elements);
            byte[] all = new byte[blocks * bytes];
            random.nextBytes(all);
            ByteBuffer buffer = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
            float scale = elements == 32 ? 0.002f : 0.0001f;
            for (int at = 0; at < all.length; at += bytes) {
                buffer.putShort(at + scaleAt, FloatCodec.floatToF16(scale));
                if (minimumAt >= 0) {
                    buffer.putShort(at + minimumAt, FloatCodec.floatToF16(-scale));
                }
            }
            return all;
        }
    }

    private static final List<Block> SMALL = List.of(
            new Block(2, 32, 18, 0, -1),
            new Block(3, 32, 20, 0, 2),
            new Block(6, 32, 22, 0, -1),
            new Block(7, 32, 24, 0, 2),
            new Block(8, 32, 34, 0, -1));
    private static final List<Block> LARGE = List.of(
            new Block(10, 256, 84, 80, 82),
            new Block(11, 256, 110, 108, -1),
            new Block(12, 256, 144, 0, 2),
            new Block(13, 256, 176, 0, 2),
            new Block(14, 256, 210, 208, -1));

    /** A GGUF transformer in all small block formats and, from {@code first} on, some of the large ones. */
    private Path gguf(int first) {
        GgufBuilder gguf = new GgufBuilder();
        SplittableRandom random = new SplittableRandom(first);
        int[] used = {0, first};
        try (ModelFiles official = ModelFiles.open(Samples.OFFICIAL)) {
            for (CheckpointTensor tensor :
                    official.part(Component.TRANSFORMER).tensors().values()) {
                long[] shape = tensor.shape().toArray();
                if (shape.length == 2 && tensor.name().endsWith("weight") && shape[1] % 32 == 0) {
                    boolean large = shape[1] % 256 == 0;
                    Block block = large ? LARGE.get(used[1]++ % LARGE.size()) : SMALL.get(used[0]++ % SMALL.size());
                    gguf.tensor(
                            tensor.name(), block.code(), block.of(tensor.shape().count(), random), shape[1], shape[0]);
                } else {
                    plain(gguf, tensor);
                }
            }
        }
        return Samples.write(folder.resolve("wan-" + first + ".gguf"), gguf.build());
    }

    private static void plain(GgufBuilder gguf, CheckpointTensor tensor) {
        byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
        tensor.map().get(bytes);
        long[] shape = tensor.shape().toArray();
        if (shape.length > 4) {
            gguf.originalShape(tensor.name(), shape);
            shape = new long[] {shape[0], tensor.shape().count() / shape[0]};
        }
        long[] reversed = new long[shape.length];
        for (int axis = 0; axis < shape.length; axis++) {
            reversed[shape.length - 1 - axis] = shape[axis];
        }
        gguf.tensor(tensor.name(), tensor.format() == Format.F32 ? 0 : 30, bytes, reversed);
    }

    /** The same values in a safetensors file. */
    private Path decoded(Path gguf) {
        try (ModelPart part = ModelPart.open(gguf)) {
            Collection<CheckpointTensor> tensors = part.tensors().values();
            assertThat(tensors).anyMatch(tensor -> tensor.format() == Format.F16);
            return Samples.write(folder.resolve(gguf.getFileName() + ".safetensors"), tensors);
        }
    }

    private byte[] frames(Path transformer, UnaryOperator<WanPipelineBuilder> options) {
        Path words = Samples.write(
                folder.resolve("tokenizer.json"), TinyRun.TOKENIZER.toJson().getBytes(UTF_8));
        return TinyRun.frames(
                Samples.OFFICIAL,
                Map.of(Component.TRANSFORMER, transformer),
                builder -> options.apply(builder.tokenizer(words)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void ggufBlocksGiveTheFramesOfTheirValuesInF16(int first) {
        Path gguf = gguf(first);
        Path values = decoded(gguf);
        for (Precision precision : List.of(Precision.F32, Precision.INT8, Precision.FP8)) {
            assertThat(frames(gguf, builder -> builder.precision(precision)))
                    .as("%s", precision)
                    .isEqualTo(frames(values, builder -> builder.precision(precision)));
        }
    }

    /** The plan counts what is on the device: values of two bytes, or codes of one, whatever the file's blocks take. */
    @Test
    void planOfAGgufFileIsThatOfWhatItIsLoadedAs() {
        Path gguf = gguf(0);
        Path values = decoded(gguf);
        for (Precision precision : Precision.values()) {
            assertThat(weights(gguf, precision)).isEqualTo(weights(values, precision));
        }
        assertThat(weights(gguf, Precision.INT8)).isLessThan(weights(gguf, Precision.AS_STORED));
    }

    private long weights(Path transformer, Precision precision) {
        Samples.write(
                folder.resolve("google/umt5-xxl/tokenizer.json"),
                TinyRun.TOKENIZER.toJson().getBytes(UTF_8));
        GenerationPlan plan = TinyRun.plan(
                folder.resolve("google"),
                Map.of(
                        Component.TRANSFORMER,
                        transformer,
                        Component.TEXT_ENCODER,
                        Samples.OFFICIAL.resolve("models_t5_umt5-xxl-enc-bf16.pth"),
                        Component.IMAGE_ENCODER,
                        Samples.OFFICIAL.resolve("models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"),
                        Component.VAE,
                        Samples.OFFICIAL.resolve("Wan2.1_VAE.pth")),
                precision);
        return plan.cost(Phase.DENOISING).arenaBytes();
    }

    @Test
    void inputsOfEightBitLayersAreAsTheReleaseMeantUnlessChosen() {
        for (Path release : List.of(FP8, INT8, SCALED)) {
            byte[] asMeant = frames(release, builder -> builder);
            byte[] codes = frames(release, builder -> builder.activationMode(ActivationMode.DYNAMIC_8BIT));
            byte[] values = frames(release, builder -> builder.activationMode(ActivationMode.UNQUANTISED));
            assertThat(codes).isNotEqualTo(values);
            assertThat(asMeant).isEqualTo(release.equals(SCALED) ? values : codes);
        }
    }

    @Test
    void weightsQuantisedWhenLoadedMayKeepTheirInputs() {
        Path official = Samples.OFFICIAL.resolve("diffusion_pytorch_model.safetensors.index.json");
        byte[] codes = frames(official, builder -> builder.precision(Precision.INT8));
        byte[] values = frames(
                official, builder -> builder.precision(Precision.INT8).activationMode(ActivationMode.UNQUANTISED));
        assertThat(codes).isNotEqualTo(values);
    }

    @ParameterizedTest
    @CsvSource({
        "quant/distill_fp8, INT8, FP8 with a scale per row",
        "quant/fp8_comfy, INT8, FP8 with a scale per tensor",
        "quant/int8, FP8, INT8 with a scale per row"
    })
    void eightBitWeightsOfAnotherKindAreNotRoundedTwice(String release, Precision precision, String scheme) {
        assertThatThrownBy(() -> frames(Goldens.path(release), builder -> builder.precision(precision)))
                .isInstanceOf(UnsupportedException.class)
                .hasMessageContaining(release)
                .hasMessageContaining("to compute in " + precision)
                .hasMessageContaining(scheme);
    }

    @Test
    void eightBitWeightsUnderAFloatingPrecisionStayEightBit() {
        assertThat(frames(FP8, builder -> builder.precision(Precision.F32))).isEqualTo(frames(FP8, builder -> builder));
    }
}
