package io.wan4j.checkpoint.layout;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.error.CheckpointException;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFilesTest {
    private static final String T5 = "models_t5_umt5-xxl-enc-bf16";
    private static final String CLIP = "models_clip_open-clip-xlm-roberta-large-vit-huge-14";
    private static final String SHARD = "diffusion_pytorch_model-0000%d-of-00002.safetensors";

    @TempDir
    Path folder;

    @Test
    void officialFolderHoldsAllComponents() {
        try (ModelFiles model = ModelFiles.open(Samples.OFFICIAL)) {
            for (Component component : Component.values()) {
                assertThat(model.part(component).layout()).isEqualTo("original names");
                assertThat(model.part(component).quantisation()).isEqualTo(Quantisation.NONE);
            }
            assertThat(model.part(Component.VAE).location()).hasFileName("Wan2.1_VAE.pth");
            assertThat(model.part(Component.TRANSFORMER).files()).hasSize(2);
            assertThat(model.config().orElseThrow().get("num_heads").asInt()).isEqualTo(2);
            assertThat(model.weights(Component.TRANSFORMER).names()).hasSize(87);
        }
    }

    @Test
    void twinsInPlaceOfStateDictsGiveTheSameTensors() {
        copyTransformer();
        for (String stem : List.of("Wan2.1_VAE", T5, CLIP)) {
            copyOfficial("safetensors_twins/" + stem + ".safetensors", stem + ".safetensors");
        }
        assertEqualsOfficial(Set.of());
    }

    @Test
    void twinsBesideStateDictsMakeTheUserChoose() {
        copyTransformer();
        copyOfficial("Wan2.1_VAE.pth", "Wan2.1_VAE.pth");
        copyOfficial("safetensors_twins/Wan2.1_VAE.safetensors", "Wan2.1_VAE.safetensors");
        try (ModelFiles model = ModelFiles.open(folder)) {
            assertThatThrownBy(() -> model.part(Component.VAE))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("expected one video autoencoder (VAE), got 2")
                    .hasMessageContaining("Wan2.1_VAE.pth")
                    .hasMessageContaining("Wan2.1_VAE.safetensors")
                    .hasMessageContaining("say which one");
        }
        Path chosen = folder.resolve("Wan2.1_VAE.pth");
        try (ModelFiles model = ModelFiles.open(folder, Map.of(Component.VAE, chosen))) {
            assertThat(model.part(Component.VAE).location()).isEqualTo(chosen);
        }
    }

    @Test
    void shardsWithoutIndexAreTakenTogether() {
        copyOfficial(String.format(SHARD, 1), "a.safetensors");
        copyOfficial(String.format(SHARD, 2), "b.safetensors");
        assertEqualsOfficial(Set.of(Component.VAE, Component.IMAGE_ENCODER, Component.TEXT_ENCODER));
    }

    @Test
    void oneShardAloneIsNotAComponent() {
        copyOfficial(String.format(SHARD, 1), "a.safetensors");
        try (ModelFiles model = ModelFiles.open(folder)) {
            assertThatThrownBy(() -> model.part(Component.TRANSFORMER))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("expected a diffusion transformer, got none")
                    .hasMessageContaining("a.safetensors");
        }
    }

    @Test
    void blockFilesOfTheDistilledReleaseAreOneTransformer() {
        try (ModelFiles official = ModelFiles.open(Samples.OFFICIAL)) {
            Samples.writeBlocks(
                    folder.resolve("distill_models"),
                    official.part(Component.TRANSFORMER).tensors().values());
        }
        copyOfficial("models_t5_umt5-xxl-enc-bf16.pth", "original/t5.pth");
        copyOfficial(CLIP + ".pth", "clip.pth");
        copyOfficial("Wan2.1_VAE.pth", "Wan2.1_VAE.pth");
        assertEqualsOfficial(Set.of());
    }

    @Test
    void severalPrecisionsSideBySideMakeTheUserChoose() {
        try (ModelFiles official = ModelFiles.open(Samples.OFFICIAL)) {
            Collection<CheckpointTensor> tensors =
                    official.part(Component.TRANSFORMER).tensors().values();
            Samples.write(folder.resolve("distill_models/distill_model.safetensors"), tensors);
        }
        Path fp8 = Goldens.path("quant/distill_fp8");
        for (String name : List.of("block_0", "block_1", "non_block")) {
            Samples.copy(fp8.resolve(name + ".safetensors"), folder.resolve("distill_fp8/" + name + ".safetensors"));
        }
        try (ModelFiles model = ModelFiles.open(folder)) {
            assertThatThrownBy(() -> model.weights(Component.TRANSFORMER))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("got 2")
                    .hasMessageContaining("distill_fp8 (original names, FP8 with a scale per row)")
                    .hasMessageContaining("distill_model.safetensors (original names, not quantised)");
        }
        Map<Component, Path> chosen = Map.of(Component.TRANSFORMER, folder.resolve("distill_fp8"));
        try (ModelFiles model = ModelFiles.open(folder, chosen)) {
            assertThat(model.part(Component.TRANSFORMER).quantisation()).isEqualTo(Quantisation.FP8_ROWS);
        }
    }

    @Test
    void diffusersFoldersGiveTheSameTensors() {
        try (ModelFiles official = ModelFiles.open(Samples.OFFICIAL)) {
            Map<Component, String> folders = Map.of(
                    Component.TRANSFORMER, "transformer/diffusion_pytorch_model",
                    Component.VAE, "vae/diffusion_pytorch_model",
                    Component.TEXT_ENCODER, "text_encoder/model",
                    Component.IMAGE_ENCODER, "image_encoder/model");
            folders.forEach((component, name) ->
                    Samples.write(folder.resolve(name + ".safetensors"), Samples.diffusers(official.part(component))));
        }
        copyOfficial("config.json", "transformer/config.json");
        write("tokenizer/tokenizer.json", "{}");
        assertEqualsOfficial(Set.of());
        try (ModelFiles model = ModelFiles.open(folder)) {
            assertThat(model.part(Component.TRANSFORMER).layout()).isEqualTo("diffusers");
            assertThat(model.config().orElseThrow().get("num_heads").asInt()).isEqualTo(2);
            assertThat(model.tokenizerFile()).contains(folder.resolve("tokenizer/tokenizer.json"));
        }
    }

    @Test
    void splitFilesOfComfyUiGiveTheSameTensors() {
        Path split = folder.resolve("split_files");
        byte[] tokenizer = "a tokenizer".getBytes(US_ASCII);
        try (ModelFiles official = ModelFiles.open(Samples.OFFICIAL)) {
            Samples.write(
                    split.resolve("diffusion_models/wan.safetensors"),
                    Samples.renamed(
                            official.part(Component.TRANSFORMER).tensors().values(),
                            name -> "model.diffusion_model." + name));
            Samples.write(
                    split.resolve("vae/wan_2.1_vae.safetensors"),
                    official.part(Component.VAE).tensors().values());
            Samples.write(
                    split.resolve("clip_vision/clip_vision_h.safetensors"),
                    Samples.diffusers(official.part(Component.IMAGE_ENCODER)));
            Collection<CheckpointTensor> text = Samples.diffusers(official.part(Component.TEXT_ENCODER));
            Samples.write(
                    split.resolve("text_encoders/umt5_xxl.safetensors"),
                    Samples.with(text, "spiece_model", Format.U8, tokenizer));
        }
        assertEqualsOfficial(Set.of());
        try (ModelFiles model = ModelFiles.open(folder)) {
            assertThat(model.sentencePiece()).contains(tokenizer);
            assertThat(model.part(Component.TRANSFORMER).layout()).isEqualTo("original names as packaged by ComfyUI");
            assertThat(model.tokenizerFile()).isEmpty();
        }
    }

    @Test
    void plainGgufFilesGiveTheSameTensors() {
        try (ModelFiles official = ModelFiles.open(Samples.OFFICIAL)) {
            ModelPart transformer = official.part(Component.TRANSFORMER);
            Samples.writeGguf(folder.resolve("wan.gguf"), transformer.tensors().values());
            Samples.writeGguf(
                    folder.resolve("t5.gguf"),
                    Layouts.GGML
                            .get(0)
                            .fromCanonical(official.part(Component.TEXT_ENCODER).tensors())
                            .values());
        }
        assertEqualsOfficial(Set.of(Component.VAE, Component.IMAGE_ENCODER));
        try (ModelFiles model = ModelFiles.open(folder)) {
            assertThat(model.part(Component.TEXT_ENCODER).layout()).isEqualTo("ggml umT5");
            assertThat(model.part(Component.TRANSFORMER).metadata()).containsKey("gguf.types");
            assertThat(model.part(Component.TRANSFORMER)
                            .transformer()
                            .orElseThrow()
                            .family())
                    .isEqualTo(TransformerKind.Family.IMAGE_TO_VIDEO);
        }
    }

    @Test
    void quantisedEncodersKeepTheirScales() {
        try (ModelFiles official = ModelFiles.open(Samples.OFFICIAL)) {
            Map<String, CheckpointTensor> text =
                    official.part(Component.TEXT_ENCODER).tensors();
            List<CheckpointTensor> quantised = new java.util.ArrayList<>(text.values());
            quantised.removeIf(tensor -> tensor.name().equals("blocks.0.attn.q.weight"));
            quantised = Samples.with(quantised, "blocks.0.attn.q.weight", Format.I8, new byte[64 * 64], 64, 64);
            byte[] ones = new byte[256];
            java.util.Arrays.fill(ones, (byte) 0x3F);
            List<CheckpointTensor> rows =
                    Samples.with(quantised, "blocks.0.attn.q.weight_scale", Format.F32, ones, 64, 1);
            Map<String, CheckpointTensor> byName = new java.util.HashMap<>();
            rows.forEach(tensor -> byName.put(tensor.name(), tensor));
            Path ours = Samples.write(folder.resolve("t5-int8.safetensors"), rows);
            Path huggingFace = Samples.write(
                    folder.resolve("hf.safetensors"),
                    Samples.renamed(
                            Layouts.DIFFUSERS.get(1).fromCanonical(byName).values(),
                            name -> name.replace(".weight_scale", ".scale_weight")));
            for (Path file : List.of(ours, huggingFace)) {
                try (ModelPart part = ModelPart.open(file)) {
                    assertThat(part.component()).isEqualTo(Component.TEXT_ENCODER);
                    assertThat(part.quantisation()).isEqualTo(Quantisation.INT8_ROWS);
                    StoredWeight weight = part.weights().weight("blocks.0.attn.q", Shape.of(64, 64));
                    assertThat(weight.scale().orElseThrow().shape()).isEqualTo(Shape.of(64, 1));
                }
            }
        }
    }

    @Test
    void scaledFilesOfComfyUiHaveOneScaleATensor() {
        Path file = Goldens.path("quant/fp8_comfy");
        try (ModelPart comfy = ModelPart.open(file);
                ModelPart prefixed = ModelPart.open(Samples.write(
                        folder.resolve("prefixed.safetensors"),
                        Samples.renamed(stored(file), name -> "model.diffusion_model." + name)))) {
            assertThat(comfy.quantisation()).isEqualTo(Quantisation.FP8_TENSOR);
            assertThat(comfy.tensors()).doesNotContainKey("scaled_fp8");
            assertSameTensors(prefixed.tensors(), comfy.tensors());
            StoredWeight weight = comfy.weights().weight("blocks.1.ffn.2", Shape.of(128, 256));
            assertThat(weight.values().format()).isEqualTo(Format.F8_E4M3);
            assertThat(weight.scale().orElseThrow().shape().count()).isEqualTo(1);
            assertThat(weight.activations()).isEqualTo(ActivationMode.UNQUANTISED);
            StoredWeight eightBit = comfy.weights()
                    .withActivations(ActivationMode.DYNAMIC_8BIT)
                    .weight("blocks.1.ffn.2", Shape.of(128, 256));
            assertThat(eightBit.activations()).isEqualTo(ActivationMode.DYNAMIC_8BIT);
        }
    }

    @Test
    void quantisedFlatFilesHaveAScaleARow() {
        try (ModelPart int8 = ModelPart.open(Goldens.path("quant/int8"));
                ModelPart fp8 = ModelPart.open(Goldens.path("quant/distill_fp8"))) {
            assertThat(int8.quantisation()).isEqualTo(Quantisation.INT8_ROWS);
            assertThat(fp8.quantisation()).isEqualTo(Quantisation.FP8_ROWS);
            assertThat(fp8.files()).hasSize(3);
            for (ModelPart part : List.of(int8, fp8)) {
                StoredWeight weight = part.weights().weight("blocks.0.cross_attn.v_img", Shape.of(128, 128));
                assertThat(weight.values().format().isCode()).isTrue();
                assertThat(weight.scale().orElseThrow().shape()).isEqualTo(Shape.of(128, 1));
                assertThat(weight.activations()).isEqualTo(ActivationMode.DYNAMIC_8BIT);
                assertThat(weight.values().read(0, 128 * 128).remaining()).isEqualTo(128 * 128);
            }
        }
    }

    @Test
    void resolutionIsTakenFromNamesAlone() {
        try (ModelPart named =
                        ModelPart.open(Goldens.path("quant/int8/wan2.1_i2v_480p_int8_lightx2v_4step.safetensors"));
                ModelPart plain = ModelPart.open(Goldens.path("vae/model.safetensors"))) {
            assertThat(named.resolutionHint()).contains("480P");
            assertThat(plain.resolutionHint()).isEmpty();
        }
    }

    @Test
    void damagedScalesAndCodesAreNamed() {
        Path file = Goldens.path("quant/int8/wan2.1_i2v_480p_int8_lightx2v_4step.safetensors");
        String scale = "blocks.0.ffn.2.weight_scale";
        for (float bad : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
            byte[] bytes = new byte[128 * 4];
            java.nio.ByteBuffer floats = java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
            for (int row = 0; row < 128; row++) {
                floats.putFloat(row == 77 ? bad : 1f);
            }
            assertWeightRefused(
                    replaced(file, scale, Format.F32, bytes),
                    scale + ": expected finite scales above 0, got " + bad + " at row 77");
        }
        byte[] reciprocals = new byte[128 * 4];
        java.nio.ByteBuffer.wrap(reciprocals)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .put(filled(1 / 0.001f));
        assertWeightRefused(replaced(file, scale, Format.F32, reciprocals), scale + ": expected scales up to 32.25");
        assertWeightRefused(replaced(file, scale, Format.F32, new byte[4 * 64]), scale + ": expected [128,1]");
        assertWeightRefused(replaced(file, scale, Format.I8, new byte[128]), scale + ": expected [128,1]");
        assertWeightRefused(replaced(file, scale, Format.F32, null), scale + ": expected a scale for the I8 codes");
    }

    private static float[] filled(float value) {
        float[] all = new float[128];
        java.util.Arrays.fill(all, value);
        return all;
    }

    @Test
    void codesThatAreNotNumbersAreNamed() {
        Path file = Goldens.path("quant/distill_fp8/block_0.safetensors");
        String name = "blocks.0.ffn.2.weight";
        byte[] codes = new byte[128 * 256];
        codes[12_345] = (byte) 0xFF;
        Samples.copy(Goldens.path("quant/distill_fp8/non_block.safetensors"), folder.resolve("n.safetensors"));
        List<CheckpointTensor> tensors = stored(file).stream()
                .map(tensor -> tensor.name().equals(name)
                        ? new CheckpointTensor(
                                name, tensor.shape(), tensor.format(), new io.wan4j.checkpoint.HeapBytes(codes, file))
                        : tensor)
                .toList();
        Samples.write(folder.resolve("b.safetensors"), tensors);
        try (ModelPart part = ModelPart.open(folder)) {
            StoredWeight weight = part.weights().weight("blocks.0.ffn.2", Shape.of(128, 256));
            assertThatThrownBy(() -> weight.values().read(0, codes.length))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(name + ": expected finite E4M3 codes, got NaN at element 12345");
        }
    }

    @Test
    void scaleBesideUnquantisedWeightIsNamed() {
        try (ModelFiles official = ModelFiles.open(Samples.OFFICIAL)) {
            Map<String, CheckpointTensor> tensors =
                    official.part(Component.TRANSFORMER).tensors();
            List<CheckpointTensor> scaled =
                    Samples.with(tensors.values(), "blocks.0.ffn.2.weight_scale", Format.F32, new byte[512]);
            Path file = Samples.write(folder.resolve("x.safetensors"), scaled);
            assertWeightRefused(file, "blocks.0.ffn.2.weight_scale: expected beside F8_E4M3 or I8 codes");
        }
    }

    @Test
    void componentOfAnotherKindIsRefusedByName() {
        Path text = Samples.OFFICIAL.resolve(T5 + ".pth");
        assertThatThrownBy(() -> ModelFiles.open(Samples.OFFICIAL, Map.of(Component.TRANSFORMER, text)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("expected a diffusion transformer, got a text encoder (umT5)");
    }

    @Test
    void adapterGivenAsModelIsNamed() {
        assertThatThrownBy(() -> ModelPart.open(Goldens.path("lora/B_lora_A_lora_B.safetensors")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("got a LoRA");
        assertThatThrownBy(() -> ModelPart.open(Goldens.path("pipeline/distill.safetensors")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("23 tensors such as");
        assertThatThrownBy(() -> ModelPart.open(Goldens.path("pipeline/input.png")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("expected a safetensors file, its index, a .pth");
        assertThatThrownBy(() -> ModelFiles.open(folder.resolve("nowhere")))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("expected a model folder, got nothing there");
    }

    @Test
    void sameTensorInTwoFilesIsNamedWithBoth() {
        copyOfficial(String.format(SHARD, 1), "a.safetensors");
        copyOfficial(String.format(SHARD, 2), "b.safetensors");
        copyOfficial(String.format(SHARD, 2), "c.safetensors");
        assertThatThrownBy(() -> ModelFiles.open(folder))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("b.safetensors")
                .hasMessageContaining("c.safetensors");
    }

    @Test
    void unreadTensorsAreNamed() {
        try (ModelFiles model = ModelFiles.open(Samples.OFFICIAL)) {
            CheckpointWeights weights = model.weights(Component.VAE);
            weights.names().stream().filter(name -> !name.startsWith("conv2")).forEach(weights::find);
            assertThatThrownBy(() -> weights.verifyAllRead(name -> false))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("conv2.bias and 1 more, such as conv2.weight")
                    .hasMessageContaining("Wan2.1_VAE.pth");
            weights.verifyAllRead(name -> name.startsWith("conv2"));
        }
    }

    private void copyTransformer() {
        copyOfficial("config.json", "config.json");
        copyOfficial(
                "diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model.safetensors.index.json");
        copyOfficial(String.format(SHARD, 1), String.format(SHARD, 1));
        copyOfficial(String.format(SHARD, 2), String.format(SHARD, 2));
    }

    private void copyOfficial(String from, String to) {
        Samples.copy(Samples.OFFICIAL.resolve(from), folder.resolve(to));
    }

    private void write(String name, String text) {
        try {
            Files.createDirectories(folder.resolve(name).getParent());
            Files.writeString(folder.resolve(name), text);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Every component in the folder, but for the ones left out, equals the official one bit for bit. */
    private void assertEqualsOfficial(Set<Component> leftOut) {
        try (ModelFiles official = ModelFiles.open(Samples.OFFICIAL);
                ModelFiles model = ModelFiles.open(folder)) {
            for (Component component : Component.values()) {
                if (!leftOut.contains(component)) {
                    Map<String, CheckpointTensor> expected =
                            new java.util.HashMap<>(official.part(component).tensors());
                    Map<String, CheckpointTensor> got = model.part(component).tensors();
                    expected.keySet()
                            .removeIf(name -> !got.containsKey(name)
                                    && (name.startsWith("textual.")
                                            || name.equals("log_scale")
                                            || name.equals("visual.head")));
                    assertSameTensors(got, expected);
                }
            }
        }
    }

    private static void assertSameTensors(Map<String, CheckpointTensor> got, Map<String, CheckpointTensor> expected) {
        assertThat(got.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
        got.forEach((name, tensor) -> {
            CheckpointTensor other = java.util.Objects.requireNonNull(expected.get(name));
            assertThat(TensorSpec.of(tensor)).isEqualTo(TensorSpec.of(other));
            assertThat(tensor.map()).as(name).isEqualTo(other.map());
        });
    }

    private static List<CheckpointTensor> stored(Path path) {
        Path file = path;
        if (Files.isDirectory(path)) {
            try (java.util.stream.Stream<Path> files = Files.list(path)) {
                file = files.filter(f -> f.toString().endsWith(".safetensors"))
                        .findFirst()
                        .orElseThrow();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        // Left open: the tensors are read later, and the test's end frees them.
        io.wan4j.checkpoint.TensorFiles files = CheckpointFiles.open(file);
        return files.names().stream().map(files::tensor).toList();
    }

    private Path replaced(Path file, String name, Format format, byte @org.jspecify.annotations.Nullable [] bytes) {
        List<CheckpointTensor> rest = stored(file).stream()
                .filter(tensor -> !tensor.name().equals(name))
                .toList();
        return Samples.write(
                folder.resolve("x.safetensors"), bytes == null ? rest : Samples.with(rest, name, format, bytes));
    }

    private static void assertWeightRefused(Path file, String message) {
        try (ModelPart part = ModelPart.open(file)) {
            assertThatThrownBy(() -> part.weights().weight("blocks.0.ffn.2", Shape.of(128, 256)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(message);
        }
    }
}
