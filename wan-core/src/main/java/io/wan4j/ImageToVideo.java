package io.wan4j;

import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.media.VideoSize;
import io.wan4j.scheduler.SchedulerConfig;
import io.wan4j.scheduler.StepDistill;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A request: this picture, moving as the sentence says. Immutable; every setter gives a changed copy. The defaults are
 * those of the distilled model: 81 frames at 16 frames a second, an area of 480x832 pixels in the picture's aspect, 4
 * steps, shift 5, no guidance.
 */
public final class ImageToVideo {
    /** Pixels of the 480P models' frames. */
    public static final long AREA_480P = 480L * 832;

    /** Frames a second of the models' training videos. */
    public static final int FRAMES_PER_SECOND = 16;

    private static final int MAX_FRAMES = 1 << 14;

    private final Picture picture;
    private final Settings settings;

    /** All that a request says besides the picture; changed only while it is copied. */
    private static final class Settings {
        private String prompt = "";
        private String negativePrompt = "";
        private Optional<PixelSize> size = Optional.empty();
        private long area = AREA_480P;
        private int frames = 81;
        private long seed;
        private SchedulerConfig scheduler = StepDistill.fourSteps();
        private double guidance = 1;

        Settings copy() {
            Settings copy = new Settings();
            copy.prompt = prompt;
            copy.negativePrompt = negativePrompt;
            copy.size = size;
            copy.area = area;
            copy.frames = frames;
            copy.seed = seed;
            copy.scheduler = scheduler;
            copy.guidance = guidance;
            return copy;
        }
    }

    private ImageToVideo(Picture picture, Settings settings) {
        this.picture = picture;
        this.settings = settings;
    }

    /** A request with the default settings. */
    public static ImageToVideo of(Picture picture, String prompt) {
        Settings settings = new Settings();
        settings.prompt = prompt;
        return new ImageToVideo(picture, settings);
    }

    /** A request with the default settings and a picture from a file: PNG, JPEG, WebP, GIF or BMP. */
    public static ImageToVideo of(Path picture, String prompt) {
        return of(Picture.read(picture), prompt);
    }

    private ImageToVideo with(Consumer<Settings> change) {
        Settings copy = settings.copy();
        change.accept(copy);
        return new ImageToVideo(picture, copy);
    }

    /** Exactly this size; both a multiple of 16. The picture is stretched to it. */
    public ImageToVideo size(int width, int height) {
        VideoSize checked = new VideoSize(width, height);
        return with(copy -> copy.size = Optional.of(checked.pixels()));
    }

    /** About this many pixels, in the picture's aspect: the reference's rule. */
    public ImageToVideo area(long pixels) {
        if (pixels < 256) {
            throw new IllegalArgumentException("area: expected at least 256 pixels, got " + pixels);
        }
        return with(copy -> {
            copy.size = Optional.empty();
            copy.area = pixels;
        });
    }

    /** Number of frames: 4n + 1. */
    public ImageToVideo frames(int count) {
        if (count < 1 || count > MAX_FRAMES || count % 4 != 1) {
            int below = Math.max(1, (count - 1) / 4 * 4 + 1);
            throw new IllegalArgumentException("frames: expected 4n+1 (1, 5, 9, .. 81, ..), got " + count
                    + "; the nearest are " + below + " and " + (below + 4));
        }
        return with(copy -> copy.frames = count);
    }

    /** Seed of the noise, 0 or more: the same seed gives the same start as PyTorch's CPU generator. */
    public ImageToVideo seed(long chosen) {
        if (chosen < 0) {
            throw new IllegalArgumentException("seed: expected 0 or more, got " + chosen);
        }
        return with(copy -> copy.seed = chosen);
    }

    /** How noise becomes a video. */
    public ImageToVideo scheduler(SchedulerConfig chosen) {
        return with(copy -> copy.scheduler = chosen);
    }

    /** Strength of classifier-free guidance: 1 for distilled models (one forward pass a step), above 1 for two passes. */
    public ImageToVideo guidance(double strength) {
        if (!(strength >= 0 && strength <= 100)) {
            throw new IllegalArgumentException("guidance: expected 0 to 100, got " + strength);
        }
        return with(copy -> copy.guidance = strength);
    }

    /** What the video should not show; only used with guidance. */
    public ImageToVideo negativePrompt(String prompt) {
        return with(copy -> copy.negativePrompt = prompt);
    }

    /** The picture. */
    public Picture picture() {
        return picture;
    }

    /** The sentence. */
    public String prompt() {
        return settings.prompt;
    }

    /** What not to show; empty unless set. */
    public String negativePrompt() {
        return settings.negativePrompt;
    }

    /** The size of the frames, by the exact size or the area rule. */
    public VideoSize videoSize() {
        return settings.size
                .map(size -> new VideoSize(size.width(), size.height()))
                .orElseGet(() -> VideoSize.of(picture.size(), settings.area));
    }

    /** Number of frames. */
    public int frames() {
        return settings.frames;
    }

    /** Frames of the latent: (frames - 1) / 4 + 1. */
    public int latentFrames() {
        return (settings.frames - 1) / 4 + 1;
    }

    /** Seed of the noise. */
    public long seed() {
        return settings.seed;
    }

    /** The scheduler. */
    public SchedulerConfig scheduler() {
        return settings.scheduler;
    }

    /** Strength of guidance. */
    public double guidance() {
        return settings.guidance;
    }

    /** Whether a step takes two forward passes. */
    public boolean isGuided() {
        return settings.guidance != 1.0;
    }
}
