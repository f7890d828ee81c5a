package io.wan4j.media;

/**
 * A rectangle of a picture: rows {@code top} to {@code bottom - 1}, columns {@code left} to {@code right - 1}.
 *
 * @param top first row
 * @param bottom row after the last
 * @param left first column
 * @param right column after the last
 */
public record CropBox(int top, int bottom, int left, int right) {
    /** Ratios (height over width) that differ by less than this need no crop. */
    private static final double SAME_RATIO = 0.01;

    /** Refuses an empty rectangle. */
    public CropBox {
        if (top < 0 || left < 0 || bottom <= top || right <= left) {
            throw new IllegalArgumentException("crop: expected 0 <= top < bottom and 0 <= left < right, got rows " + top
                    + " to " + bottom + ", columns " + left + " to " + right);
        }
    }

    /**
     * The largest centred part of {@code picture} with the ratio of {@code target}; the whole picture if the ratios
     * differ by less than 0.01. Extents and offsets are rounded down. Source: LightX2V {@code get_crop_bbox}.
     */
    public static CropBox towards(PixelSize picture, PixelSize target) {
        if (Math.abs(picture.heightToWidth() - target.heightToWidth()) < SAME_RATIO) {
            return new CropBox(0, picture.height(), 0, picture.width());
        }
        PixelSize crop = largest(picture, target);
        int top = (picture.height() - crop.height()) / 2;
        int left = (picture.width() - crop.width()) / 2;
        return new CropBox(top, top + crop.height(), left, left + crop.width());
    }

    /**
     * As {@link #towards}, but for nearly equal ratios too, and with offsets rounded half to even. Source: LightX2V
     * {@code fixed_shape_resize}, torchvision {@code center_crop}.
     */
    public static CropBox exactlyTowards(PixelSize picture, PixelSize target) {
        PixelSize crop = largest(picture, target);
        int top = (int) Math.rint((picture.height() - crop.height()) / 2.0);
        int left = (int) Math.rint((picture.width() - crop.width()) / 2.0);
        return new CropBox(top, top + crop.height(), left, left + crop.width());
    }

    private static PixelSize largest(PixelSize picture, PixelSize target) {
        double ratio = target.heightToWidth();
        int width = picture.width();
        int height = picture.height();
        if (picture.heightToWidth() > ratio) {
            height = Math.min(height, (int) (ratio * width));
        } else {
            width = Math.min(width, (int) (height / ratio));
        }
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("crop of " + picture + " to the ratio of " + target
                    + ": expected at least one pixel, got none; use a less extreme picture or size");
        }
        return new PixelSize(width, height);
    }

    /** Width and height of the rectangle. */
    public PixelSize size() {
        return new PixelSize(right - left, bottom - top);
    }
}
