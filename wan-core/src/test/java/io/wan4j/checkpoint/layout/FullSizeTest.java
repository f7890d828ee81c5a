package io.wan4j.checkpoint.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.DryCheckpoint;
import io.wan4j.checkpoint.TensorSpec;
import io.wan4j.dry.DryDevice;
import io.wan4j.error.CheckpointException;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.text.TextEncoder;
import io.wan4j.model.vision.ImageEncoder;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real checkpoints' names and shapes, without their data, loaded into the models on a device without memory. */
class FullSizeTest {
    @TempDir
    Path folder;

    private final DryDevice device = new DryDevice(ActivationFormats.BF16);

    @Test
    void fourteenBillionTransformerLoadsWhole() {
        try (ModelPart part = part("dit_14B_i2v_original", specs -> {})) {
            assertThat(part.component()).isEqualTo(Component.TRANSFORMER);
            assertThat(part.transformer().orElseThrow().describe())
                    .isEqualTo("image-to-video 14B (width 5120, 40 blocks, 36 input channels)");
            CheckpointWeights weights = part.weights();
            WanConfig config = WanConfig.infer(weights, OptionalInt.empty());
            assertThat(config).isEqualTo(WanConfig.i2v14b());
            WanTransformer.load(config, weights, device, Residency.ALL).close();
            weights.verifyAllRead(name -> false);
        }
    }

    @Test
    void quantisedTransformersLoadWhole() {
        for (String list : new String[] {"dit_14B_i2v_lightx2v_fp8", "dit_14B_i2v_lightx2v_int8"}) {
            try (ModelPart part = part(list, specs -> {})) {
                assertThat(part.quantisation())
                        .isEqualTo(list.endsWith("fp8") ? Quantisation.FP8_ROWS : Quantisation.INT8_ROWS);
                CheckpointWeights weights = part.weights();
                assertThat(weights.names()).hasSize(1303 + 480);
                // Without data the scales are zero, and a scale of zero is an error that names it.
                assertThatThrownBy(() -> weights.weight("blocks.0.self_attn.q", Shape.of(5120, 5120)))
                        .isInstanceOf(CheckpointException.class)
                        .hasMessageContaining("blocks.0.self_attn.q.weight_scale: expected finite scales above 0");
            }
        }
    }

    @Test
    void encodersLoadWhole() {
        try (ModelPart part = part("t5_umt5_xxl_original", specs -> {})) {
            CheckpointWeights weights = part.weights();
            TextConfig config = TextConfig.infer(weights);
            assertThat(config).isEqualTo(TextConfig.umt5Xxl());
            TextEncoder.load(config, weights, device).close();
            weights.verifyAllRead(name -> false);
        }
        try (ModelPart part = part("clip_original", specs -> {})) {
            CheckpointWeights weights = part.weights();
            VisionConfig config = VisionConfig.infer(weights, OptionalInt.empty());
            assertThat(config).isEqualTo(VisionConfig.vitHuge14());
            ImageEncoder.load(config, weights, device).close();
            weights.verifyAllRead(name ->
                    name.matches("(textual|visual.post_norm|visual.transformer.31)\\..*|visual.head|log_scale"));
        }
    }

    @Test
    void autoencoderIsRecognised() {
        try (ModelPart part = part("vae_original", specs -> {})) {
            assertThat(part.component()).isEqualTo(Component.VAE);
            assertThat(part.weights().names()).hasSize(194);
        }
    }

    @Test
    void missingTensorIsNamed() {
        try (ModelPart part = part("dit_14B_i2v_original", specs -> specs.remove("blocks.7.ffn.2.weight"))) {
            assertThatThrownBy(() -> WanTransformer.load(WanConfig.i2v14b(), part.weights(), device, Residency.ALL))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(
                            "blocks.7.ffn.2.weight: expected [5120,13824], but there is no such tensor in")
                    .hasMessageContaining("x.safetensors");
        }
    }

    @Test
    void extraTensorIsNamed() {
        TensorSpec extra = new TensorSpec("blocks.40.norm3.bias", Format.F32, Shape.of(5120));
        try (ModelPart part = part("dit_14B_i2v_original", specs -> specs.put(extra.name(), extra))) {
            CheckpointWeights weights = part.weights();
            WanTransformer.load(WanConfig.i2v14b(), weights, device, Residency.ALL)
                    .close();
            assertThatThrownBy(() -> weights.verifyAllRead(name -> false))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("blocks.40.norm3.bias: expected only tensors that the model uses, got [5120]")
                    .hasMessageContaining("x.safetensors");
        }
    }

    @Test
    void wronglyShapedTensorIsNamed() {
        TensorSpec small = new TensorSpec("blocks.7.self_attn.q.weight", Format.F32, Shape.of(1536, 1536));
        try (ModelPart part = part("dit_14B_i2v_original", specs -> specs.put(small.name(), small))) {
            assertThatThrownBy(() -> WanTransformer.load(WanConfig.i2v14b(), part.weights(), device, Residency.ALL))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(
                            "blocks.7.self_attn.q.weight: expected [5120,5120], got [1536,1536] in x.safetensors");
        }
    }

    @Test
    void missingScaleIsNamed() {
        String scale = "blocks.3.cross_attn.k_img.weight_scale";
        try (ModelPart part = part("dit_14B_i2v_lightx2v_fp8", specs -> specs.remove(scale))) {
            assertThatThrownBy(() -> part.weights().weight("blocks.3.cross_attn.k_img", Shape.of(5120, 5120)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(scale + ": expected a scale for the F8_E4M3 codes");
        }
    }

    @Test
    void transposedScaleIsNamed() {
        String scale = "blocks.3.cross_attn.k_img.weight_scale";
        TensorSpec transposed = new TensorSpec(scale, Format.F32, Shape.of(1, 5120));
        try (ModelPart part = part("dit_14B_i2v_lightx2v_int8", specs -> specs.put(scale, transposed))) {
            assertThatThrownBy(() -> part.weights().weight("blocks.3.cross_attn.k_img", Shape.of(5120, 5120)))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(scale + ": expected [5120,1] or one scale")
                    .hasMessageContaining("got [1,5120]");
        }
    }

    @Test
    void unscaledCodesStandForThemselves() {
        try (ModelPart part = part("dit_14B_i2v_original", FullSizeTest::castToFp8)) {
            assertThat(part.quantisation()).isEqualTo(Quantisation.FP8_PLAIN);
            StoredWeight weight = part.weights().weight("blocks.0.self_attn.q", Shape.of(5120, 5120));
            assertThat(weight.values().format()).isEqualTo(Format.F8_E4M3);
            assertThat(weight.scale().orElseThrow().read(0, 4).getFloat(0)).isEqualTo(1f);
        }
    }

    @Test
    void otherTransformersAreRefusedByName() {
        assertRefused(
                specs -> specs.keySet().removeIf(name -> name.contains("_img") || name.startsWith("img_emb")),
                "Wan2.2 image-to-video 14B");
        assertRefused(
                specs -> {
                    specs.keySet().removeIf(name -> name.contains("_img") || name.startsWith("img_emb"));
                    specs.keySet().removeIf(name -> name.matches("blocks\\.3\\d\\..*"));
                    specs.put(
                            "patch_embedding.weight",
                            new TensorSpec("patch_embedding.weight", Format.F32, Shape.of(1536, 16, 1, 2, 2)));
                },
                "text-to-video 1.3B (width 1536, 30 blocks, 16 input channels)");
        TensorSpec position = new TensorSpec("img_emb.emb_pos", Format.F32, Shape.of(1, 514, 1280));
        assertRefused(specs -> specs.put(position.name(), position), "first-last-frame");
        TensorSpec vace = new TensorSpec("vace_patch_embedding.bias", Format.F32, Shape.of(5120));
        assertRefused(specs -> specs.put(vace.name(), vace), "VACE");
    }

    private void assertRefused(Consumer<Map<String, TensorSpec>> change, String kind) {
        Map<String, TensorSpec> specs = DryCheckpoint.specs("dit_14B_i2v_original");
        change.accept(specs);
        Path file = DryCheckpoint.write(folder.resolve("x.safetensors"), specs);
        try (ModelFiles model = ModelFiles.open(file)) {
            assertThatThrownBy(() -> model.weights(Component.TRANSFORMER))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("expected a Wan2.1 image-to-video transformer, got")
                    .hasMessageContaining(kind);
        }
    }

    private static void castToFp8(Map<String, TensorSpec> specs) {
        specs.replaceAll((name, spec) -> new TensorSpec(name, Format.F8_E4M3, spec.shape()));
    }

    private ModelPart part(String list, Consumer<Map<String, TensorSpec>> change) {
        Map<String, TensorSpec> specs = DryCheckpoint.specs(list);
        change.accept(specs);
        return ModelPart.open(DryCheckpoint.write(folder.resolve("x.safetensors"), specs));
    }
}
