package io.wan4j.checkpoint.layout;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.pickle.TorchZip;
import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.prompt.SpieceBytes;
import io.wan4j.tensor.Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A model in any layout gives the same frames as the official folder with weights in the same format, bit for bit. */
class LayoutOutputTest {
    private static final String T5 = "models_t5_umt5-xxl-enc-";
    private static final String CLIP = "models_clip_open-clip-xlm-roberta-large-vit-huge-14";
    private static final String PREFIX = "model.diffusion_model.";
    private static final Map<String, byte[]> EXPECTED = new HashMap<>();

    @TempDir
    private Path folder = Path.of("");

    private ModelFiles official = ModelFiles.open(Samples.OFFICIAL);

    @BeforeEach
    void open() {
        official.close();
        official = ModelFiles.open(Samples.OFFICIAL);
    }

    @AfterEach
    void close() {
        official.close();
    }

    /** Formats of the transformer in the golden files. */
    private enum Release {
        BF16("pipeline/Wan2.1-I2V-tiny/diffusion_pytorch_model.safetensors.index.json"),
        FP8("quant/distill_fp8"),
        INT8("quant/int8"),
        FP8_SCALED("quant/fp8_comfy");

        private final String golden;

        Release(String golden) {
            this.golden = golden;
        }

        Path path() {
            return Goldens.path(golden);
        }
    }

    /** How a release's transformer can lie there. */
    private enum Transformer {
        BLOCKS,
        FLAT,
        COMFYUI,
        DIFFUSERS,
        SHARDS;

        void write(Path folder, Collection<CheckpointTensor> tensors) {
            switch (this) {
                case BLOCKS -> Samples.writeBlocks(folder.resolve("distill"), tensors);
                case FLAT -> Samples.write(folder.resolve("wan2.1_i2v_480p_lightx2v_4step.safetensors"), tensors);
                case COMFYUI ->
                    Samples.write(
                            folder.resolve("wan2.1_i2v_480p_lightx2v_4step_comfyui.safetensors"),
                            Samples.renamed(
                                    tensors, name -> PREFIX + name.replace(".weight_scale", scaleOfComfy(tensors))));
                case DIFFUSERS ->
                    Samples.write(
                            folder.resolve("transformer/diffusion_pytorch_model.safetensors"),
                            Layouts.DIFFUSERS
                                    .get(0)
                                    .fromCanonical(Samples.byName(tensors))
                                    .values());
                case SHARDS -> {
                    List<CheckpointTensor> all = List.copyOf(tensors);
                    Samples.write(folder.resolve("distill_models/a.safetensors"), all.subList(0, 40));
                    Samples.write(folder.resolve("distill_models/b.safetensors"), all.subList(40, all.size()));
                }
            }
        }

        /** One scale a tensor has another name there than one a row. */
        private static String scaleOfComfy(Collection<CheckpointTensor> tensors) {
            boolean scalars = tensors.stream()
                    .filter(tensor -> tensor.name().endsWith(".weight_scale"))
                    .allMatch(tensor -> tensor.shape().count() == 1);
            return scalars ? ".scale_weight" : ".weight_scale";
        }
    }

    private static UnaryOperator<io.wan4j.WanPipelineBuilder> withTokenizer(Path folder) {
        Path file = Samples.write(
                folder.resolve("words/tokenizer.json"),
                TinyRun.TOKENIZER.toJson().getBytes(UTF_8));
        return builder -> builder.tokenizer(file);
    }

    private byte[] frames(Map<Component, Path> chosen) {
        return TinyRun.frames(Samples.OFFICIAL, chosen, withTokenizer(folder));
    }

    private byte[] expected(Release release) {
        return EXPECTED.computeIfAbsent(release.name(), any -> frames(Map.of(Component.TRANSFORMER, release.path())));
    }

    @ParameterizedTest
    @EnumSource(Transformer.class)
    void unquantisedTransformerGivesTheFramesOfTheOfficialFolder(Transformer layout) {
        assertTransformer(Release.BF16, layout);
    }

    @ParameterizedTest
    @EnumSource(Transformer.class)
    void fp8TransformerGivesTheFramesOfTheReferencesBlockFiles(Transformer layout) {
        assertTransformer(Release.FP8, layout);
    }

    @ParameterizedTest
    @EnumSource(Transformer.class)
    void int8TransformerGivesTheFramesOfTheReferencesFlatFile(Transformer layout) {
        assertTransformer(Release.INT8, layout);
    }

    @ParameterizedTest
    @EnumSource(Transformer.class)
    void scaledFp8TransformerGivesTheFramesOfTheReferencesFile(Transformer layout) {
        assertTransformer(Release.FP8_SCALED, layout);
    }

    private void assertTransformer(Release release, Transformer layout) {
        Path model = folder.resolve("model");
        try (ModelPart part = ModelPart.open(release.path())) {
            layout.write(model, part.tensors().values());
        }
        Map<Component, Path> encoders = new EnumMap<>(Component.class);
        for (Component component : List.of(Component.TEXT_ENCODER, Component.IMAGE_ENCODER, Component.VAE)) {
            encoders.put(component, official.part(component).location());
        }
        byte[] frames = TinyRun.frames(model, encoders, withTokenizer(folder));
        assertThat(frames).isEqualTo(expected(release));
        assertThat(frames).isNotEqualTo(expected(release == Release.BF16 ? Release.FP8 : Release.BF16));
    }

    @Test
    void officialFolderBringsItsSentencePieceModel() throws IOException {
        for (String name : List.of(
                "diffusion_pytorch_model.safetensors.index.json",
                "diffusion_pytorch_model-00001-of-00002.safetensors",
                "diffusion_pytorch_model-00002-of-00002.safetensors",
                T5 + "bf16.pth",
                CLIP + ".pth",
                "Wan2.1_VAE.pth")) {
            Samples.copy(Samples.OFFICIAL.resolve(name), folder.resolve("m").resolve(name));
        }
        Samples.write(folder.resolve("m/google/umt5-xxl/spiece.model"), SpieceBytes.of(TinyRun.TOKENIZER));
        assertThat(TinyRun.frames(folder.resolve("m"), Map.of(), UnaryOperator.identity()))
                .isEqualTo(expected(Release.BF16));
    }

    @Test
    void comfyUiSplitFilesBringTheirTokenizer() {
        Path split = folder.resolve("split_files");
        Samples.write(
                split.resolve("diffusion_models/wan.safetensors"),
                Samples.renamed(tensors(Component.TRANSFORMER), name -> PREFIX + name));
        Samples.write(split.resolve("vae/wan_2.1_vae.safetensors"), tensors(Component.VAE));
        Samples.write(
                split.resolve("clip_vision/clip_vision_h.safetensors"),
                Samples.diffusers(official.part(Component.IMAGE_ENCODER)));
        Samples.write(
                split.resolve("text_encoders/umt5_xxl_fp16.safetensors"),
                Samples.with(
                        Samples.diffusers(official.part(Component.TEXT_ENCODER)),
                        "spiece_model",
                        Format.U8,
                        SpieceBytes.of(TinyRun.TOKENIZER)));
        assertThat(TinyRun.frames(folder, Map.of(), UnaryOperator.identity())).isEqualTo(expected(Release.BF16));
    }

    @Test
    void diffusersFoldersBringTheirTokenizer() {
        Map<Component, String> names = Map.of(
                Component.TRANSFORMER, "transformer/diffusion_pytorch_model",
                Component.VAE, "vae/diffusion_pytorch_model",
                Component.TEXT_ENCODER, "text_encoder/model",
                Component.IMAGE_ENCODER, "image_encoder/model");
        names.forEach((component, name) ->
                Samples.write(folder.resolve(name + ".safetensors"), Samples.diffusers(official.part(component))));
        Samples.write(folder.resolve("scheduler/scheduler_config.json"), "{}".getBytes(UTF_8));
        Samples.write(
                folder.resolve("tokenizer/tokenizer.json"),
                TinyRun.TOKENIZER.toJson().getBytes(UTF_8));
        assertThat(TinyRun.frames(folder, Map.of(), UnaryOperator.identity())).isEqualTo(expected(Release.BF16));
    }

    @Test
    void plainGgufFilesGiveTheFramesOfTheOfficialFolder() {
        Path transformer = folder.resolve("wan.gguf");
        Path text = folder.resolve("t5.gguf");
        Samples.writeGguf(transformer, tensors(Component.TRANSFORMER));
        Samples.writeGguf(
                text,
                Layouts.GGML
                        .get(0)
                        .fromCanonical(official.part(Component.TEXT_ENCODER).tensors())
                        .values());
        assertThat(frames(Map.of(Component.TRANSFORMER, transformer, Component.TEXT_ENCODER, text)))
                .isEqualTo(expected(Release.BF16));
    }

    @Test
    void safetensorsTwinsOfEncodersGiveTheFramesOfTheStateDicts() {
        Path twins = Samples.OFFICIAL.resolve("safetensors_twins");
        assertThat(frames(Map.of(
                        Component.TEXT_ENCODER,
                        twins.resolve(T5 + "bf16.safetensors"),
                        Component.IMAGE_ENCODER,
                        twins.resolve(CLIP + ".safetensors"),
                        Component.VAE,
                        twins.resolve("Wan2.1_VAE.safetensors"))))
                .isEqualTo(expected(Release.BF16));
    }

    @ParameterizedTest
    @EnumSource(names = {"FP8_ROWS", "INT8_ROWS"})
    void eightBitEncodersGiveTheSameFramesInAnyFile(WeightScheme scheme) throws IOException {
        String kind = scheme == WeightScheme.INT8_ROWS ? "int8" : "fp8";
        List<CheckpointTensor> text = Samples.quantised(official.part(Component.TEXT_ENCODER), scheme);
        List<CheckpointTensor> image = Samples.quantised(official.part(Component.IMAGE_ENCODER), scheme);
        Path safe = folder.resolve("safe");
        byte[] expected = frames(Map.of(
                Component.TEXT_ENCODER, Samples.write(safe.resolve(T5 + kind + ".safetensors"), text),
                Component.IMAGE_ENCODER, Samples.write(safe.resolve(CLIP + "-" + kind + ".safetensors"), image)));
        Path torch = folder.resolve("torch");
        assertThat(frames(Map.of(
                        Component.TEXT_ENCODER,
                        Samples.write(torch.resolve(T5 + kind + ".pth"), TorchZip.stateDict(text)),
                        Component.IMAGE_ENCODER,
                        Samples.write(torch.resolve(CLIP + "-" + kind + ".pth"), TorchZip.stateDict(image)))))
                .isEqualTo(expected);
        Path face = folder.resolve("face");
        assertThat(frames(Map.of(
                        Component.TEXT_ENCODER,
                        Samples.write(face.resolve("t.safetensors"), huggingFace(1, text)),
                        Component.IMAGE_ENCODER,
                        Samples.write(face.resolve("i.safetensors"), huggingFace(2, image)))))
                .isEqualTo(expected);
        assertThat(expected).isNotEqualTo(expected(Release.BF16));
        assertThat(Files.exists(torch)).isTrue();
    }

    /** ComfyUI's {@code umt5_xxl_fp8_e4m3fn_scaled}: one scale a tensor, a marker, and Hugging Face's names. */
    @Test
    void scaledFp8TextEncoderGivesTheSameFramesInBothNamings() {
        List<CheckpointTensor> text = Samples.quantised(official.part(Component.TEXT_ENCODER), WeightScheme.FP8_TENSOR);
        Path canonical = Samples.write(folder.resolve("a.safetensors"), text);
        List<CheckpointTensor> comfy = Samples.with(
                Samples.renamed(huggingFace(1, text), name -> name.replace(".weight_scale", ".scale_weight")),
                "scaled_fp8",
                Format.F8_E4M3,
                new byte[2]);
        Path scaled = Samples.write(folder.resolve("b.safetensors"), comfy);
        byte[] frames = frames(Map.of(Component.TEXT_ENCODER, scaled));
        assertThat(frames).isEqualTo(frames(Map.of(Component.TEXT_ENCODER, canonical)));
        assertThat(frames).isNotEqualTo(expected(Release.BF16));
    }

    private static Collection<CheckpointTensor> huggingFace(int layout, Collection<CheckpointTensor> tensors) {
        return Layouts.DIFFUSERS
                .get(layout)
                .fromCanonical(Samples.byName(tensors))
                .values();
    }

    private Collection<CheckpointTensor> tensors(Component component) {
        return official.part(component).tensors().values();
    }
}
