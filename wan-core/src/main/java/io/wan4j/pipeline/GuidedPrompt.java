package io.wan4j.pipeline;

import io.wan4j.model.dit.Conditioning;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Classifier-free guidance, or none.
 *
 * @param negative conditioning by the negative prompt; null without guidance
 * @param strength g in {@code v = v_negative + g (v_positive - v_negative)}
 */
record GuidedPrompt(@Nullable Conditioning negative, float strength) implements AutoCloseable {
    static GuidedPrompt of(DenoisingJob job, Function<float[], Conditioning> embed) {
        return new GuidedPrompt(job.negative().map(embed).orElse(null), (float) job.guidance());
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
        if (negative != null) {
            negative.close();
        }
    }
}
