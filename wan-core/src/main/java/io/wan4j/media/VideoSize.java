package io.wan4j.media;

import io.wan4j.error.ShapeException;

/**
 * Size of a video: multiples of 16, because the VAE divides by 8 and the transformer by 2.
 *
 * @param width pixels, a multiple of 16
 * @param height pixels, a multiple of 16
 */
public record VideoSize(int width, int height) {
    /** Pixels of a video per token of the transformer, in each direction. */
    public static final int MULTIPLE = 16;

    private static final int VAE_STRIDE = 8;
    private static final int PATCH = 2;

    /** Refuses what is not a positive multiple of 16. */
    public VideoSize {
        if (width < MULTIPLE || height < MULTIPLE || width % MULTIPLE != 0 || height % MULTIPLE != 0) {
            throw new ShapeException("video size: expected positive multiples of " + MULTIPLE + ", got " + width + "x"
                    + height + "; the nearest is " + nearest(width) + "x" + nearest(height));
        }
    }

    /**
     * The size the reference gives to a picture: its ratio, at most about {@code maxArea} pixels, rounded down to
     * multiples of 16. The picture is then stretched to it. Source: Wan2.1 {@code image2video.py}.
     *
     * @param picture width and height of the picture
     * @param maxArea pixels of a frame, for example {@code 480 * 832}
     */
    public static VideoSize of(PixelSize picture, long maxArea) {
        double ratio = picture.heightToWidth();
        int height = floor16(Math.sqrt(maxArea * ratio));
        int width = floor16(Math.sqrt(maxArea / ratio));
        if (maxArea < 1 || height < MULTIPLE || width < MULTIPLE) {
            throw new IllegalArgumentException("video of a " + picture + " picture within " + maxArea
                    + " pixels: expected at least 16x16, got " + width + "x" + height
                    + "; use a larger area or a less extreme picture");
        }
        return new VideoSize(width, height);
    }

    /** The largest size that fits into {@code size}. */
    public static VideoSize within(PixelSize size) {
        return new VideoSize(size.width() / MULTIPLE * MULTIPLE, size.height() / MULTIPLE * MULTIPLE);
    }

    private static int floor16(double extent) {
        int patches = (int) Math.floor(Math.floor(extent / VAE_STRIDE) / PATCH);
        return patches * PATCH * VAE_STRIDE;
    }

    private static long nearest(int extent) {
        return Math.max(1, (extent + MULTIPLE / 2L) / MULTIPLE) * MULTIPLE;
    }

    /** Width of the latents. */
    public int latentWidth() {
        return width / VAE_STRIDE;
    }

    /** Height of the latents. */
    public int latentHeight() {
        return height / VAE_STRIDE;
    }

    /** Tokens of one latent frame. */
    public long tokensPerFrame() {
        return (long) (width / MULTIPLE) * (height / MULTIPLE);
    }

    /** As a plain size. */
    public PixelSize pixels() {
        return new PixelSize(width, height);
    }

    /** For example {@code 832x480}: width first. */
    @Override
    public String toString() {
        return width + "x" + height;
    }
}
