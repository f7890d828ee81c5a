package io.wan4j.pipeline;

import io.wan4j.model.dit.Conditioning;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.ops.Ops;
import org.jspecify.annotations.Nullable;

/**
 * Prompt and picture as one transformer embeds them, with or without classifier-free guidance.
 *
 * @param transformer the one that embedded them
 * @param positive conditioning by the prompt
 * @param negative conditioning by the negative prompt; null without guidance
 * @param strength g in {@code v = v_negative + g (v_positive - v_negative)}
 */
record GuidedPrompt(
        WanTransformer transformer,
        Conditioning positive,
        @Nullable Conditioning negative,
        float strength) implements AutoCloseable {
    static GuidedPrompt of(DenoisingJob job, WanTransformer transformer, Ops ops) {
        Conditioning positive = embed(transformer, ops, job.text(), job.image());
        try {
            Conditioning negative = job.negative()
                    .map(text -> embed(transformer, ops, text, job.image()))
                    .orElse(null);
            return new GuidedPrompt(transformer, positive, negative, (float) job.guidance());
        } catch (RuntimeException | Error failure) {
            positive.close();
            throw failure;
        }
    }

    private static Conditioning embed(WanTransformer transformer, Ops parent, float[] text, float[] image) {
        int textDim = transformer.config().textDim();
        int imageDim = transformer.config().imageDim();
        try (Ops ops = parent.nested()) {
            return transformer.condition(
                    ops,
                    ops.upload(text, text.length / textDim, textDim),
                    ops.upload(image, image.length / imageDim, imageDim));
        }
    }

    /** Forward passes a step. */
    int passes() {
        return negative == null ? 1 : 2;
    }

    /** positive = negative + strength * (positive - negative). */
    void combine(float[] positive, float[] unguided) {
        for (int i = 0; i < positive.length; i++) {
            positive[i] = unguided[i] + strength * (positive[i] - unguided[i]);
        }
    }

    @Override
    public void close() {
        positive.close();
        if (negative != null) {
            negative.close();
        }
    }
}
