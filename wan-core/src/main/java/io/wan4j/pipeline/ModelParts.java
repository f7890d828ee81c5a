package io.wan4j.pipeline;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.checkpoint.layout.CheckpointWeights;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.dry.DryDevice;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.text.TextEncoder;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vae.VaeDecoder;
import io.wan4j.model.vae.VaeEncoder;
import io.wan4j.model.vision.ImageEncoder;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.tensor.WeightSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The four networks of a model as a checkpoint holds them: sizes and weights.
 *
 * @param text umT5
 * @param image CLIP
 * @param vae encoder and decoder
 * @param transformer DiT
 */
public record ModelParts(
        Part<TextConfig> text, Part<VisionConfig> image, Part<VaeConfig> vae, Part<WanConfig> transformer) {
    /**
     * One network.
     *
     * @param config sizes
     * @param source where its weights are
     */
    public record Part<C>(C config, WeightSource source) {}

    /** Head counts that no shape tells; empty where the usual head width holds. */
    public record Heads(OptionalInt transformer, OptionalInt image) {}

    /**
     * Reads the sizes from a model's files and checks every name and shape against them: what a network needs is there,
     * and what is there a network reads. No weights are read.
     *
     * @throws io.wan4j.error.CheckpointException naming the first tensor that does not fit
     */
    public static ModelParts of(ModelFiles files, Heads heads) {
        CheckpointWeights text = files.weights(Component.TEXT_ENCODER);
        CheckpointWeights image = files.weights(Component.IMAGE_ENCODER);
        CheckpointWeights vae = files.weights(Component.VAE);
        CheckpointWeights transformer = files.weights(Component.TRANSFORMER);
        OptionalInt transformerHeads = heads.transformer().isPresent() ? heads.transformer() : heads(files.config());
        ModelParts parts = new ModelParts(
                new Part<>(TextConfig.infer(text), text),
                new Part<>(VisionConfig.infer(image, heads.image()), image),
                new Part<>(VaeConfig.infer(vae), vae),
                new Part<>(WanConfig.infer(transformer, transformerHeads), transformer));
        parts.loadDry();
        text.verifyAllRead(name -> false);
        image.verifyAllRead(name -> isUnused(parts.image().config(), name));
        vae.verifyAllRead(name -> false);
        transformer.verifyAllRead(name -> false);
        return parts;
    }

    /** The same networks with the transformer's weights from another source, such as one that adds LoRAs. */
    public ModelParts withTransformer(WeightSource source) {
        return new ModelParts(text, image, vae, new Part<>(transformer.config(), source));
    }

    private static OptionalInt heads(Optional<JsonNode> config) {
        for (String key : List.of("num_heads", "num_attention_heads")) {
            int heads = config.map(json -> json.path(key).asInt()).orElse(0);
            if (heads > 0) {
                return OptionalInt.of(heads);
            }
        }
        return OptionalInt.empty();
    }

    /** The text tower, the last block and what follows it are in the checkpoint, but no part of this model. */
    private static boolean isUnused(VisionConfig config, String name) {
        return !name.startsWith("visual.")
                || name.startsWith("visual.transformer." + (config.layers() - 1) + ".")
                || name.startsWith("visual.post_norm.")
                || name.equals("visual.head");
    }

    private void loadDry() {
        try (DryDevice device = new DryDevice(ActivationFormats.F32)) {
            TextEncoder.load(text.config(), text.source(), device).close();
            ImageEncoder.load(image.config(), image.source(), device).close();
            VaeEncoder.load(vae.config(), vae.source(), device).close();
            VaeDecoder.load(vae.config(), vae.source(), device).close();
            WanTransformer.load(transformer.config(), transformer.source(), device, Residency.ALL)
                    .close();
        }
    }
}
