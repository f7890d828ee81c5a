package io.wan4j.model.vae;

/**
 * A frame as the decoder makes it.
 *
 * @param index position in the video, from 0
 * @param height rows
 * @param width columns
 * @param values [3, height, width], nominally in [-1, 1] but not clamped
 */
public record DecodedFrame(int index, int height, int width, float[] values) {
    /** This frame with its values clamped to [-1, 1]; NaN stays. */
    public DecodedFrame clamped() {
        float[] clamped = new float[values.length];
        for (int i = 0; i < clamped.length; i++) {
            clamped[i] = Math.max(-1f, Math.min(1f, values[i]));
        }
        return new DecodedFrame(index, height, width, clamped);
    }
}
