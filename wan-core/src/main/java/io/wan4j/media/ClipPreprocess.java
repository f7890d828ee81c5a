package io.wan4j.media;

/**
 * Turns a picture into the input of the CLIP vision tower: plain bicubic to 224x224 (ratio not kept, no crop, no
 * rounding to 8 bit), then per channel {@code (v * 0.5 + 0.5 - mean) / std}. Source: Wan2.1 {@code clip.py}.
 */
public final class ClipPreprocess {
    /** Width and height of the result. */
    public static final PixelSize SIZE = new PixelSize(224, 224);

    private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
    private static final double[] STD = {0.26862954, 0.26130258, 0.27577711};

    private ClipPreprocess() {}

    /**
     * Resizes and normalises.
     *
     * @param picture the full-size picture, or three planes in [-1,1]
     * @return planes [3,224,224]
     */
    public static Planes apply(PlaneSource picture) {
        return normalise(Resize.BICUBIC.apply(picture, SIZE));
    }

    /** The second half alone, for planes in [-1,1]; overwrites and returns its argument. */
    static Planes normalise(Planes planes) {
        float[] values = planes.values();
        int plane = (int) planes.size().pixels();
        for (int i = 0; i < values.length; i++) {
            int c = i / plane;
            values[i] = (float) ((values[i] * 0.5 + 0.5 - MEAN[c]) / STD[c]);
        }
        return planes;
    }
}
