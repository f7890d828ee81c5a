package io.wan4j.model.vae;

/**
 * Latents of a video on the host, normalised channel by channel.
 *
 * @param channels latent channels
 * @param frames latent frames
 * @param height rows of a latent frame
 * @param width columns of a latent frame
 * @param values [channels, frames, height, width], row-major; not copied
 */
public record Latents(int channels, int frames, int height, int width, float[] values) {
    /** Checks that there are as many values as the extents say. */
    public Latents {
        long expected = (long) channels * frames * height * width;
        if (channels < 1 || frames < 1 || height < 1 || width < 1 || values.length != expected) {
            throw new IllegalArgumentException("latents [" + channels + "," + frames + "," + height + "," + width
                    + "]: expected positive extents and " + expected + " values, got " + values.length);
        }
    }

    static Latents zeros(int channels, int frames, int height, int width) {
        return new Latents(channels, frames, height, width, new float[channels * frames * height * width]);
    }

    /** One frame: [channels, 1, height, width]. */
    float[] frame(int index) {
        int pixels = height * width;
        float[] frame = new float[channels * pixels];
        for (int c = 0; c < channels; c++) {
            System.arraycopy(values, (c * frames + index) * pixels, frame, c * pixels, pixels);
        }
        return frame;
    }

    /** Sets one frame from [channels, 1, height, width]. */
    void setFrame(int index, float[] frame) {
        int pixels = height * width;
        for (int c = 0; c < channels; c++) {
            System.arraycopy(frame, c * pixels, values, (c * frames + index) * pixels, pixels);
        }
    }
}
