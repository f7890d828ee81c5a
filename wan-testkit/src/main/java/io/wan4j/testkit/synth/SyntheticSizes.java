package io.wan4j.testkit.synth;

import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vision.VisionConfig;

/**
 * Sizes of the four networks of a synthetic model.
 *
 * @param transformer DiT
 * @param text umT5
 * @param image CLIP
 * @param vae encoder and decoder
 */
public record SyntheticSizes(WanConfig transformer, TextConfig text, VisionConfig image, VaeConfig vae) {
    /** Those of Wan2.1-I2V-14B. */
    public static SyntheticSizes i2v14b() {
        return new SyntheticSizes(
                WanConfig.i2v14b(), TextConfig.umt5Xxl(), VisionConfig.vitHuge14(), VaeConfig.wan21());
    }

    /** Those of {@link TinyModel}. */
    public static SyntheticSizes tiny() {
        return new SyntheticSizes(TinyModel.transformer(), TinyModel.text(), TinyModel.image(), TinyModel.vae());
    }

    /** The same with fewer or more transformer blocks. */
    public SyntheticSizes withLayers(int layers) {
        WanConfig t = transformer;
        return new SyntheticSizes(
                new WanConfig(t.dim(), t.ffnDim(), t.heads(), layers, t.textDim(), t.imageDim()), text, image, vae);
    }

    /** The same with fewer or more blocks in both encoders. */
    public SyntheticSizes withEncoderLayers(int layers) {
        TextConfig t = text;
        VisionConfig v = image;
        return new SyntheticSizes(
                transformer,
                new TextConfig(t.vocabulary(), t.dim(), t.attentionDim(), t.ffnDim(), t.heads(), layers, t.buckets()),
                new VisionConfig(v.dim(), v.hiddenDim(), v.heads(), Math.max(2, layers)),
                vae);
    }
}
