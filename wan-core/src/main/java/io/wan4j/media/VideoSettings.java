package io.wan4j.media;

/**
 * How to write a video.
 *
 * @param size width and height of every frame
 * @param framesPerSecond above 0, at most 240
 * @param overwrite what to do with an existing target
 */
public record VideoSettings(PixelSize size, double framesPerSecond, Overwrite overwrite) {
    /** The rate that Wan's models are trained for. */
    public static final double DEFAULT_FRAMES_PER_SECOND = 16;

    private static final double MAX_FRAMES_PER_SECOND = 240;

    /** Refuses rates out of range. */
    public VideoSettings {
        if (!(framesPerSecond > 0 && framesPerSecond <= MAX_FRAMES_PER_SECOND)) {
            throw new IllegalArgumentException("video: expected above 0 and at most " + MAX_FRAMES_PER_SECOND
                    + " frames per second, got " + framesPerSecond);
        }
    }

    /** 16 frames per second, existing files are left alone. */
    public static VideoSettings of(PixelSize size) {
        return new VideoSettings(size, DEFAULT_FRAMES_PER_SECOND, Overwrite.REFUSE);
    }

    /** These settings with another rate. */
    public VideoSettings withFramesPerSecond(double rate) {
        return new VideoSettings(size, rate, overwrite);
    }

    /** These settings with another rule for existing targets. */
    public VideoSettings withOverwrite(Overwrite rule) {
        return new VideoSettings(size, framesPerSecond, rule);
    }
}
