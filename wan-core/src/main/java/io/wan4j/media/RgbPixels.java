package io.wan4j.media;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;

/** Packs any image into 8-bit red, green and blue. */
final class RgbPixels {
    private RgbPixels() {}

    /** Transparent parts are shown over white. */
    static byte[] of(BufferedImage image) {
        return storesPlainSamples(image.getColorModel()) ? fromSamples(image) : fromColours(image);
    }

    /**
     * Grey and RGB samples are taken as they are stored: Java2D's own conversion would treat grey as linear light and
     * brighten it.
     */
    private static boolean storesPlainSamples(ColorModel model) {
        int type = model.getColorSpace().getType();
        int transfer = model.getTransferType();
        return model instanceof ComponentColorModel
                && (type == ColorSpace.TYPE_GRAY || type == ColorSpace.TYPE_RGB)
                && (transfer == DataBuffer.TYPE_BYTE || transfer == DataBuffer.TYPE_USHORT)
                && !(model.hasAlpha() && model.isAlphaPremultiplied());
    }

    private static byte[] fromSamples(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        Raster raster = image.getRaster();
        ColorModel model = image.getColorModel();
        int bands = raster.getNumBands();
        int colours = model.getNumColorComponents();
        int max = (1 << model.getComponentSize(0)) - 1;
        byte[] rgb = new byte[3 * width * height];
        int[] row = new int[bands * width];
        for (int y = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int x = 0; x < width; x++) {
                int alpha = model.hasAlpha() ? toByte(row[bands * x + colours], max) : 255;
                for (int c = 0; c < 3; c++) {
                    int level = toByte(row[bands * x + (colours == 1 ? 0 : c)], max);
                    rgb[3 * (y * width + x) + c] = overWhite(level, alpha);
                }
            }
        }
        return rgb;
    }

    private static byte[] fromColours(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] rgb = new byte[3 * width * height];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                int at = 3 * (y * width + x);
                int alpha = row[x] >>> 24;
                rgb[at] = overWhite(row[x] >> 16 & 255, alpha);
                rgb[at + 1] = overWhite(row[x] >> 8 & 255, alpha);
                rgb[at + 2] = overWhite(row[x] & 255, alpha);
            }
        }
        return rgb;
    }

    private static int toByte(int sample, int max) {
        return max == 255 ? sample : (int) ((sample * 255L + max / 2) / max);
    }

    private static byte overWhite(int level, int alpha) {
        return (byte) ((level * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}
