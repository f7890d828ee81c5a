package io.wan4j.model.vae;

/** Frames to encode. Each is read once, in order. */
public interface VideoFrames {
    /** Number of frames. */
    int count();

    /** Rows of a frame. */
    int height();

    /** Columns of a frame. */
    int width();

    /** A frame, [3, height, width] with values in [-1, 1]; the caller does not change it. */
    float[] frame(int index);

    /** A video in one array [3, count, height, width]. */
    static VideoFrames of(float[] video, int count, int height, int width) {
        int pixels = height * width;
        if (video.length != VaeConfig.PICTURE_CHANNELS * count * pixels) {
            throw new IllegalArgumentException(
                    "video: expected [3," + count + "," + height + "," + width + "], got " + video.length + " values");
        }
        return new HostFrames(count, height, width, index -> {
            float[] frame = new float[VaeConfig.PICTURE_CHANNELS * pixels];
            for (int c = 0; c < VaeConfig.PICTURE_CHANNELS; c++) {
                System.arraycopy(video, (c * count + index) * pixels, frame, c * pixels, pixels);
            }
            return frame;
        });
    }

    /** What image-to-video encodes: a picture [3, height, width], then grey frames (zeros). */
    static VideoFrames picture(float[] picture, int count, int height, int width) {
        if (picture.length != VaeConfig.PICTURE_CHANNELS * height * width) {
            throw new IllegalArgumentException(
                    "picture: expected [3," + height + "," + width + "], got " + picture.length + " values");
        }
        float[] grey = new float[picture.length];
        return new HostFrames(count, height, width, index -> index == 0 ? picture : grey);
    }
}
