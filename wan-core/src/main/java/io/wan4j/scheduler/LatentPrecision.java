package io.wan4j.scheduler;

import io.wan4j.tensor.FloatCodec;

/** Format that the latents are kept in between the steps. The arithmetic of a step is F32 in any case. */
public enum LatentPrecision {
    /** Keeps every bit of a step's result. */
    F32 {
        @Override
        float round(float value) {
            return value;
        }
    },
    /** Rounds before and after each step to the nearest bfloat16, ties to even; LightX2V's default runtime does so. */
    BF16 {
        @Override
        float round(float value) {
            return FloatCodec.bf16ToFloat(FloatCodec.floatToBf16(value));
        }
    };

    abstract float round(float value);
}
