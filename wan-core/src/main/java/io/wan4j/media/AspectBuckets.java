package io.wan4j.media;

import java.util.List;

/**
 * Sizes to choose from by ratio: an alternative to {@link VideoSize#of} that crops instead of stretching. Source:
 * LightX2V {@code resize_mode}.
 *
 * @param buckets at least one; of two equally near ones the first is taken
 */
public record AspectBuckets(List<Bucket> buckets) {
    /** Which of a bucket's sizes: the first, second or third. */
    public enum Resolution {
        /** About 480 lines. */
        P480(0),
        /** About 540 lines. */
        P540(1),
        /** About 720 lines. */
        P720(2);

        private final int index;

        Resolution(int index) {
            this.index = index;
        }
    }

    /**
     * Sizes of one ratio.
     *
     * @param ratio height over width
     * @param sizes from small to large, one for each {@link Resolution} that there is
     */
    public record Bucket(double ratio, List<PixelSize> sizes) {
        /** Refuses an empty list. */
        public Bucket {
            sizes = List.copyOf(sizes);
            if (sizes.isEmpty() || !(ratio > 0)) {
                throw new IllegalArgumentException(
                        "bucket: expected a positive ratio and at least one size, got " + ratio + " and " + sizes);
            }
        }
    }

    /** Refuses an empty list. */
    public AspectBuckets {
        buckets = List.copyOf(buckets);
        if (buckets.isEmpty()) {
            throw new IllegalArgumentException("buckets: expected at least one, got none");
        }
    }

    /** The buckets of the reference: landscape, portrait and square. */
    public static AspectBuckets standard() {
        return new AspectBuckets(List.of(
                new Bucket(0.667, List.of(new PixelSize(832, 480), new PixelSize(960, 544), new PixelSize(1280, 720))),
                new Bucket(1.5, List.of(new PixelSize(480, 832), new PixelSize(544, 960), new PixelSize(720, 1280))),
                new Bucket(1.0, List.of(new PixelSize(480, 480), new PixelSize(576, 576), new PixelSize(960, 960)))));
    }

    /** The size of the bucket whose ratio is nearest to the picture's. */
    public PixelSize choose(PixelSize picture, Resolution resolution) {
        Bucket best = buckets.get(0);
        for (Bucket bucket : buckets) {
            if (distance(bucket, picture) < distance(best, picture)) {
                best = bucket;
            }
        }
        if (resolution.index >= best.sizes().size()) {
            throw new IllegalArgumentException("bucket of ratio " + best.ratio() + ": expected one of its "
                    + best.sizes().size() + " resolutions, got " + resolution);
        }
        return best.sizes().get(resolution.index);
    }

    private static double distance(Bucket bucket, PixelSize picture) {
        return Math.abs(bucket.ratio() - picture.heightToWidth());
    }

    /** Centre crop to the ratio of {@code bucket}, then antialiased bicubic to it. */
    public static Planes fit(Planes picture, PixelSize bucket) {
        return Resize.ANTIALIASED_BICUBIC.apply(picture.crop(CropBox.towards(picture.size(), bucket)), bucket);
    }

    /** Centre crop to the ratio of {@code shape}, then antialiased bilinear to it: the reference's fixed shape. */
    public static Planes fitFixedShape(Planes picture, PixelSize shape) {
        return Resize.ANTIALIASED_BILINEAR.apply(picture.crop(CropBox.exactlyTowards(picture.size(), shape)), shape);
    }

    /** What the VAE gets after {@link #fit}: plain bicubic to the multiple of 16 within. */
    public static Planes toVideoSize(Planes fitted) {
        return Resize.BICUBIC.apply(fitted, VideoSize.within(fitted.size()).pixels());
    }
}
