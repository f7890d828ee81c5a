package io.wan4j.quant;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.WanPipelineBuilder;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.prompt.TinyTokenizer;
import io.wan4j.spi.Device;
import io.wan4j.testkit.GoldenFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole models, converted and run: the frames are those of the files that the reference's converter wrote. */
class ConvertedOutputTest {
    @TempDir
    private static Path shared = Path.of("");

    @TempDir
    private Path folder = Path.of("");

    /** The golden model with a tokenizer, and the same with all weights in F32, as the original release has them. */
    @BeforeAll
    static void makeModels() throws IOException {
        Path model = Files.createDirectory(shared.resolve("model"));
        for (Path file : List.of(
                Path.of("config.json"),
                Path.of("diffusion_pytorch_model.safetensors.index.json"),
                Path.of("diffusion_pytorch_model-00001-of-00002.safetensors"),
                Path.of("diffusion_pytorch_model-00002-of-00002.safetensors"),
                Path.of("models_t5_umt5-xxl-enc-bf16.pth"),
                Path.of("models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"),
                Path.of("Wan2.1_VAE.pth"))) {
            Files.copy(Tiny.MODEL.resolve(file), model.resolve(file));
        }
        Path words = Files.createDirectories(model.resolve("google/umt5-xxl"));
        new TinyTokenizer(List.of("\u2581a", "\u2581cat"), TinyTokenizer.Fallback.BYTES)
                .write(words.resolve("tokenizer.json"));
        convert(model, shared.resolve("f32"), Tiny.single(TargetLayout.OFFICIAL), TargetFormat.F32);
    }

    private static List<ConversionReport> convert(Path from, Path to, Conversion.Naming naming, TargetFormat format) {
        return new ModelConversion(new Conversion(from, to, naming, format, List.of())).run(ConversionListener.NONE);
    }

    private static byte[] frames(Path model, Map<Component, Path> chosen) {
        WanPipelineBuilder builder = WanPipeline.builder()
                .model(model)
                .device(Device.named("reference"))
                .heads(new ModelParts.Heads(OptionalInt.of(2), OptionalInt.of(3)));
        chosen.forEach(builder::component);
        byte[] rgb = new byte[3 * 48 * 40];
        new SplittableRandom(11).nextBytes(rgb);
        ImageToVideo request = ImageToVideo.of(Picture.ofRgb(new PixelSize(48, 40), rgb), "a cat")
                .size(32, 16)
                .frames(5)
                .seed(42);
        try (WanPipeline pipeline = builder.build()) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            pipeline.generate(request).frames().forEach(frame -> all.writeBytes(frame.rgb()));
            return all.toByteArray();
        }
    }

    @ParameterizedTest
    @EnumSource(TargetLayout.class)
    void unquantisedModelGivesTheSameFramesInEveryLayout(TargetLayout layout) {
        Path target = folder.resolve("out");
        convert(shared.resolve("model"), target, Tiny.single(layout), TargetFormat.AS_STORED);
        assertThat(frames(target, Map.of())).isEqualTo(frames(shared.resolve("model"), Map.of()));
    }

    @ParameterizedTest
    @CsvSource({
        "FP8, OFFICIAL, quant/distill_fp8",
        "FP8, DIFFUSERS, quant/distill_fp8",
        "FP8, COMFYUI, quant/distill_fp8",
        "INT8, OFFICIAL, quant/int8",
        "INT8, DIFFUSERS, quant/int8",
        "INT8, COMFYUI, quant/int8",
        "FP8_SCALED, OFFICIAL, quant/fp8_comfy",
        "FP8_SCALED, DIFFUSERS, quant/fp8_comfy",
        "FP8_SCALED, COMFYUI, quant/fp8_comfy"
    })
    void quantisedModelGivesTheFramesOfTheReferencesFiles(TargetFormat format, TargetLayout layout, String golden) {
        Path target = folder.resolve("out");
        convert(shared.resolve("f32"), target, Tiny.single(layout), format);
        assertThat(frames(target, Map.of()))
                .isEqualTo(frames(shared.resolve("f32"), Map.of(Component.TRANSFORMER, GoldenFile.path(golden))));
    }

    @ParameterizedTest
    @EnumSource(names = {"FP8", "INT8"})
    void blockFilesGiveTheFramesOfTheSingleFile(TargetFormat format) {
        convert(shared.resolve("f32"), folder.resolve("blocks"), Tiny.blocks(), format);
        convert(shared.resolve("f32"), folder.resolve("single"), Tiny.single(TargetLayout.OFFICIAL), format);
        assertThat(folder.resolve("blocks/distill_" + (format == TargetFormat.FP8 ? "fp8" : "int8")))
                .isDirectory();
        assertThat(frames(folder.resolve("blocks"), Map.of())).isEqualTo(frames(folder.resolve("single"), Map.of()));
    }

    @ParameterizedTest
    @EnumSource(names = {"FP8", "INT8", "FP8_SCALED"})
    void eightBitEncodersGiveTheSameFramesInEveryLayout(TargetFormat format) {
        byte[] expected = frames(shared.resolve("model"), encoders(TargetLayout.OFFICIAL, format));
        assertThat(expected).isNotEqualTo(frames(shared.resolve("model"), Map.of()));
        assertThat(frames(shared.resolve("model"), encoders(TargetLayout.DIFFUSERS, format)))
                .isEqualTo(expected);
        assertThat(frames(shared.resolve("model"), encoders(TargetLayout.COMFYUI, format)))
                .isEqualTo(expected);
    }

    private Map<Component, Path> encoders(TargetLayout layout, TargetFormat format) {
        Path text = folder.resolve(layout + "-text.safetensors");
        Path image = folder.resolve(layout + "-image.safetensors");
        Tiny.convert(Tiny.MODEL.resolve("models_t5_umt5-xxl-enc-bf16.pth"), text, Tiny.single(layout), format);
        Tiny.convert(
                Tiny.MODEL.resolve("models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth"),
                image,
                Tiny.single(layout),
                format);
        return Map.of(Component.TEXT_ENCODER, text, Component.IMAGE_ENCODER, image);
    }

    @Test
    void wholeModelComesBackBitEqualFromDiffusersAndComfyUi() {
        convert(
                shared.resolve("model"),
                folder.resolve("d"),
                Tiny.single(TargetLayout.DIFFUSERS),
                TargetFormat.AS_STORED);
        convert(folder.resolve("d"), folder.resolve("c"), Tiny.single(TargetLayout.COMFYUI), TargetFormat.AS_STORED);
        convert(folder.resolve("c"), folder.resolve("o"), Tiny.single(TargetLayout.OFFICIAL), TargetFormat.AS_STORED);
        assertThat(folder.resolve("o/google/umt5-xxl/tokenizer.json"))
                .hasSameBinaryContentAs(shared.resolve("model/google/umt5-xxl/tokenizer.json"));
        assertThat(folder.resolve("o/config.json")).hasSameBinaryContentAs(shared.resolve("model/config.json"));
        assertThat(frames(folder.resolve("o"), Map.of())).isEqualTo(frames(shared.resolve("model"), Map.of()));
    }

    @Test
    void sentencePieceModelTravelsInsideTheTextEncodersFile() throws IOException {
        byte[] words = "pieces of sentences".getBytes(UTF_8);
        Path model = folder.resolve("m");
        convert(shared.resolve("model"), model, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.AS_STORED);
        Files.delete(model.resolve("google/umt5-xxl/tokenizer.json"));
        Files.write(model.resolve("google/umt5-xxl/spiece.model"), words);
        Path comfy = folder.resolve("c");
        convert(model, comfy, Tiny.single(TargetLayout.COMFYUI), TargetFormat.AS_STORED);
        Path file = comfy.resolve("text_encoders/umt5_xxl.safetensors");
        try (GoldenFile written = GoldenFile.open(file)) {
            assertThat(written.has("spiece_model")).isTrue();
        }
        try (ModelFiles files = ModelFiles.open(comfy.resolve("text_encoders"))) {
            assertThat(files.sentencePiece()).contains(words);
        }
        Path alone = folder.resolve("alone.safetensors");
        Tiny.convert(file, alone, Tiny.single(TargetLayout.COMFYUI), TargetFormat.BF16);
        try (ModelFiles files = ModelFiles.open(alone)) {
            assertThat(files.sentencePiece()).contains(words);
        }
        Path back = folder.resolve("o");
        convert(comfy, back, Tiny.single(TargetLayout.OFFICIAL), TargetFormat.AS_STORED);
        assertThat(back.resolve("google/umt5-xxl/spiece.model")).hasBinaryContent(words);
    }
}
