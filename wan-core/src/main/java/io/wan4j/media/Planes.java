package io.wan4j.media;

import io.wan4j.error.ShapeException;

/**
 * A picture as channel-first floats, as the models take it: {@code values[(c * height + y) * width + x]}. Colours are
 * red, green, blue with -1 for black and 1 for white unless a method says otherwise.
 *
 * <p>The array is shared, not copied, and two instances are equal only when they share it.
 *
 * @param values {@code channels * height * width} values
 * @param channels number of planes
 * @param size width and height of each plane
 */
public record Planes(float[] values, int channels, PixelSize size) implements PlaneSource {
    /** Refuses an array that does not have one value per channel and pixel. */
    public Planes {
        if (channels < 1 || values.length != channels * size.pixels()) {
            throw new ShapeException("planes: expected " + channels + " x " + size + " = " + channels * size.pixels()
                    + " values, got " + values.length);
        }
    }

    /** Planes of zeros. */
    public static Planes zeros(int channels, PixelSize size) {
        long count = channels * size.pixels();
        if (count > Integer.MAX_VALUE - 8) {
            throw new ShapeException("planes: " + channels + " x " + size + " is more than a Java array holds");
        }
        return new Planes(new float[(int) count], channels, size);
    }

    /**
     * Copies one frame out of a video that is laid out as [3, frames, height, width].
     *
     * @param video the whole video, or a chunk of it
     * @param frames how many frames it holds
     * @param frame which one to copy, from 0
     * @param size width and height of the frames
     */
    public static Planes ofFrame(float[] video, int frames, int frame, PixelSize size) {
        if (frame < 0 || frame >= frames || video.length != 3L * frames * size.pixels()) {
            throw new ShapeException("video [3," + frames + "," + size.height() + "," + size.width() + "], frame "
                    + frame
                    + ": expected a frame below " + frames + " and " + 3L * frames * size.pixels() + " values, got "
                    + video.length);
        }
        Planes out = zeros(3, size);
        int plane = (int) size.pixels();
        for (int c = 0; c < 3; c++) {
            System.arraycopy(video, (c * frames + frame) * plane, out.values, c * plane, plane);
        }
        return out;
    }

    /** The part of every plane inside {@code box}, copied. */
    public Planes crop(CropBox box) {
        if (box.bottom() > size.height() || box.right() > size.width()) {
            throw new ShapeException("crop of " + size + ": expected a box inside, got " + box);
        }
        Planes out = zeros(channels, box.size());
        int width = box.size().width();
        int at = 0;
        for (int c = 0; c < channels; c++) {
            for (int y = box.top(); y < box.bottom(); y++) {
                System.arraycopy(values, (c * size.height() + y) * size.width() + box.left(), out.values, at, width);
                at += width;
            }
        }
        return out;
    }

    /**
     * The 8-bit picture of three planes: {@code (int) (clamp((v + 1) * 0.5, 0, 1) * 255)}, in single precision and
     * truncated, not rounded, as the reference writers do. NaN gives 0.
     */
    public Picture toPicture() {
        if (channels != 3) {
            throw new ShapeException("planes to picture: expected 3 channels, got " + channels);
        }
        int plane = (int) size.pixels();
        byte[] rgb = new byte[3 * plane];
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < plane; i++) {
                float unit = Math.max(0f, Math.min(1f, (values[c * plane + i] + 1f) * 0.5f));
                rgb[3 * i + c] = (byte) (int) (unit * 255f);
            }
        }
        return Picture.wrap(size, rgb);
    }

    @Override
    public void readRow(int channel, int y, double[] into) {
        int from = (channel * size.height() + y) * size.width();
        for (int x = 0; x < size.width(); x++) {
            into[x] = values[from + x];
        }
    }

    @Override
    public String toString() {
        return "Planes[" + channels + "," + size.height() + "," + size.width() + "]";
    }
}
