package io.wan4j.media;

/**
 * Width and height of a picture or a frame, in pixels; both at least 1.
 *
 * @param width pixels in a row
 * @param height number of rows
 */
public record PixelSize(int width, int height) {
    /** Refuses extents below 1. */
    public PixelSize {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException(
                    "size: expected width and height of at least 1, got " + width + "x" + height);
        }
    }

    /** Number of pixels; does not overflow. */
    public long pixels() {
        return (long) width * height;
    }

    /** Width and height exchanged. */
    public PixelSize turned() {
        return new PixelSize(/* width= */ height, /* height= */ width);
    }

    /** Height over width. */
    public double heightToWidth() {
        return (double) height / width;
    }

    /** For example {@code 832x480}: width first. */
    @Override
    public String toString() {
        return width + "x" + height;
    }
}
