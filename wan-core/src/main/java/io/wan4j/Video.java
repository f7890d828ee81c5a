package io.wan4j;

import io.wan4j.media.ContactSheet;
import io.wan4j.media.FrameWriter;
import io.wan4j.media.Overwrite;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.media.VideoFormat;
import io.wan4j.media.VideoSettings;
import java.nio.file.Path;
import java.util.List;

/**
 * A finished video in memory.
 *
 * @param frames pictures of one size, in order; at least one
 * @param framesPerSecond rate
 * @param report what making it took
 */
public record Video(List<Picture> frames, double framesPerSecond, GenerationReport report) {
    /** Copies the list. */
    public Video {
        frames = List.copyOf(frames);
        if (frames.isEmpty()) {
            throw new IllegalArgumentException("video: expected at least one frame, got none");
        }
    }

    /** Width and height. */
    public PixelSize size() {
        return frames.get(0).size();
    }

    /** Writes an H.264 file; an existing one is refused. */
    public Path writeMp4(Path target) {
        return write(VideoFormat.MP4, target, Overwrite.REFUSE);
    }

    /** Writes an animated GIF; an existing one is refused. */
    public Path writeGif(Path target) {
        return write(VideoFormat.GIF, target, Overwrite.REFUSE);
    }

    /** Writes a folder of PNG files; an existing one is refused. */
    public Path writePngs(Path folder) {
        return write(VideoFormat.PNG_SEQUENCE, folder, Overwrite.REFUSE);
    }

    /** Writes the video; it appears whole or not at all. */
    public Path write(VideoFormat format, Path target, Overwrite overwrite) {
        VideoSettings settings = new VideoSettings(size(), framesPerSecond, overwrite);
        try (FrameWriter writer = format.open(target, settings)) {
            frames.forEach(writer::write);
            return writer.finish();
        }
    }

    /** Up to ten frames, spread evenly, in one picture. */
    public Picture contactSheet() {
        return ContactSheet.standard().draw(ContactSheet.spread(frames, 10));
    }
}
