package io.wan4j.media;

import io.wan4j.error.ShapeException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A picture of 8-bit red, green and blue, rows from top to bottom. Immutable; equal to another with the same pixels.
 *
 * <p>What comes in is brought to that form as a viewer would show it: turned as its EXIF orientation says, transparent
 * parts over white, grey repeated in three channels, CMYK converted by its profile, 16 bits rounded to 8, and the first
 * image of an animation. Colour profiles of RGB and grey pictures are not applied; the reference ignores them too.
 */
public final class Picture implements PlaneSource {
    /** Pictures with more pixels are refused before they are decoded. */
    public static final long MAX_PIXELS = 100_000_000;

    /** Longer files are refused. */
    public static final int MAX_BYTES = 256 << 20;

    private final PixelSize size;
    private final byte[] rgb;

    private Picture(PixelSize size, byte[] rgb) {
        if (rgb.length != 3 * size.pixels()) {
            throw new ShapeException("picture " + size + ": expected " + 3 * size.pixels()
                    + " bytes (red, green, blue), got " + rgb.length);
        }
        this.size = size;
        this.rgb = rgb;
    }

    /**
     * Reads a PNG, JPEG or WebP file. The kind is told by its content, not by its name.
     *
     * @throws IllegalArgumentException if there is no such file, or it is no such picture, or damaged, or too large
     * @throws UncheckedIOException if the file cannot be read
     */
    public static Picture read(Path file) {
        if (!Files.exists(file)) {
            throw new IllegalArgumentException(
                    "picture " + file + ": expected a file, got nothing there; check the path");
        }
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException(
                    "picture " + file + ": expected a file, got a folder; name the picture in it");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, file.toString());
        } catch (IOException e) {
            throw new UncheckedIOException("picture " + file + ": expected a readable file, got " + e, e);
        }
    }

    /**
     * Reads a PNG, JPEG or WebP from a stream, to its end; the stream is left open.
     *
     * @param name what errors call the picture
     * @throws IllegalArgumentException if it is no such picture, or damaged, or too large
     * @throws UncheckedIOException if the stream cannot be read
     */
    public static Picture read(InputStream in, String name) {
        try {
            return read(in.readNBytes(MAX_BYTES + 1), name);
        } catch (IOException e) {
            throw new UncheckedIOException("picture " + name + ": expected a readable stream, got " + e, e);
        }
    }

    /**
     * Reads a PNG, JPEG or WebP from memory.
     *
     * @param name what errors call the picture
     * @throws IllegalArgumentException if it is no such picture, or damaged, or too large
     */
    public static Picture read(byte[] file, String name) {
        return new PictureReader(name, MAX_PIXELS).read(file);
    }

    /** Converts an image; transparent parts are shown over white. */
    public static Picture of(BufferedImage image) {
        return wrap(new PixelSize(image.getWidth(), image.getHeight()), RgbPixels.of(image));
    }

    /**
     * A picture of packed pixels, which are copied.
     *
     * @param rgb red, green and blue of each pixel, {@code 3 * width * height} bytes
     * @throws ShapeException if the length does not fit
     */
    public static Picture ofRgb(PixelSize size, byte[] rgb) {
        return new Picture(size, rgb.clone());
    }

    /** As {@link #ofRgb} without the copy: the caller gives the array away. */
    static Picture wrap(PixelSize size, byte[] rgb) {
        return new Picture(size, rgb);
    }

    /** Width and height. */
    @Override
    public PixelSize size() {
        return size;
    }

    /** Pixels in a row. */
    public int width() {
        return size.width();
    }

    /** Number of rows. */
    public int height() {
        return size.height();
    }

    /** Always 3. */
    @Override
    public int channels() {
        return 3;
    }

    /** A copy of the pixels: red, green and blue of each, row by row. */
    public byte[] rgb() {
        return rgb.clone();
    }

    /** The pixels themselves; not to be written. */
    byte[] raw() {
        return rgb;
    }

    /** One pixel as {@code 0xRRGGBB}. */
    public int rgbAt(int x, int y) {
        if (x < 0 || x >= width() || y < 0 || y >= height()) {
            throw new IllegalArgumentException(
                    "pixel of a " + size + " picture: expected one inside, got (" + x + "," + y + ")");
        }
        int at = 3 * (y * width() + x);
        return (rgb[at] & 255) << 16 | (rgb[at + 1] & 255) << 8 | rgb[at + 2] & 255;
    }

    /** Channel-first values {@code v / 255 * 2 - 1} in single precision: [3, height, width]. */
    public Planes toPlanes() {
        Planes out = Planes.zeros(3, size);
        int plane = (int) size.pixels();
        for (int i = 0; i < rgb.length; i++) {
            out.values()[i % 3 * plane + i / 3] = signed(rgb[i]);
        }
        return out;
    }

    @Override
    public void readRow(int channel, int y, double[] into) {
        int at = 3 * y * width() + channel;
        for (int x = 0; x < width(); x++) {
            into[x] = signed(rgb[at + 3 * x]);
        }
    }

    private static float signed(byte level) {
        return (level & 255) / 255f * 2f - 1f;
    }

    /** This picture in another size (antialiased bicubic, rounded), for previews. */
    public Picture scaledTo(PixelSize wanted) {
        if (wanted.equals(size)) {
            return this;
        }
        Planes planes = Resize.ANTIALIASED_BICUBIC.apply(this, wanted);
        int plane = (int) wanted.pixels();
        byte[] out = new byte[3 * plane];
        for (int i = 0; i < out.length; i++) {
            int level = Math.round((planes.values()[i % 3 * plane + i / 3] + 1f) * 127.5f);
            out[i] = (byte) Math.max(0, Math.min(255, level));
        }
        return wrap(wanted, out);
    }

    /** A copy for Java2D, of type {@code TYPE_INT_RGB}. */
    public BufferedImage toBufferedImage() {
        BufferedImage image = new BufferedImage(width(), height(), BufferedImage.TYPE_INT_RGB);
        int[] row = new int[width()];
        for (int y = 0; y < height(); y++) {
            for (int x = 0; x < width(); x++) {
                row[x] = rgbAt(x, y);
            }
            image.setRGB(0, y, width(), 1, row, 0, width());
        }
        return image;
    }

    /**
     * Writes a PNG file: beside the target first, then renamed, so that a whole file appears or none.
     *
     * @throws IllegalArgumentException if the target exists and may not be replaced, or its folder does not exist
     * @throws UncheckedIOException if writing fails
     */
    public void writePng(Path target, Overwrite overwrite) {
        try (StagedOutput output = StagedOutput.file(target, overwrite)) {
            writePng(output.temporary());
            output.commit();
        } catch (IOException e) {
            throw new UncheckedIOException("picture " + target + ": expected to write it, got " + e, e);
        }
    }

    void writePng(Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(file);
                ImageOutputStream images = new MemoryCacheImageOutputStream(out)) {
            if (!ImageIO.write(toBufferedImage(), "png", images)) {
                throw new IOException("this Java runtime has no PNG writer");
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Picture that && size.equals(that.size) && Arrays.equals(rgb, that.rgb);
    }

    @Override
    public int hashCode() {
        return 31 * size.hashCode() + Arrays.hashCode(rgb);
    }

    /** For example {@code Picture 832x480}. */
    @Override
    public String toString() {
        return "Picture " + size;
    }
}
