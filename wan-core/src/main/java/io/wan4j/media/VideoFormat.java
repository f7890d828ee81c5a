package io.wan4j.media;

import io.wan4j.error.UnsupportedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;

/** The forms in which a video can be written. */
public enum VideoFormat {
    /** H.264 in an mp4 file, 4:2:0, index first so that it plays while it loads. Even sizes of at least 16 only. */
    MP4 {
        @Override
        FrameWriter create(StagedOutput output, Path target, VideoSettings settings) throws IOException {
            return new Mp4Writer(output, target, settings);
        }

        @Override
        void check(Path target, VideoSettings settings) {
            Mp4Writer.checkSize(target, settings.size());
        }
    },
    /** An animated GIF that repeats, with 256 colours of its own for each frame; at most 50 frames per second. */
    GIF {
        @Override
        FrameWriter create(StagedOutput output, Path target, VideoSettings settings) throws IOException {
            return new GifWriter(output, target, settings);
        }

        @Override
        void check(Path target, VideoSettings settings) {
            GifWriter.checkSettings(target, settings);
        }
    },
    /** A folder of lossless pictures: {@code frame_00000.png} and so on. */
    PNG_SEQUENCE {
        @Override
        FrameWriter create(StagedOutput output, Path target, VideoSettings settings) {
            return new PngSequenceWriter(output, target, settings);
        }

        @Override
        void check(Path target, VideoSettings settings) {}
    };

    /**
     * The format that a name asks for: {@code .mp4}, {@code .gif}, or a folder if there is no extension.
     *
     * @throws UnsupportedException for other extensions
     */
    public static VideoFormat of(Path target) {
        Path last = target.getFileName();
        String name = last == null ? "" : last.toString().toLowerCase(Locale.ROOT);
        int dot = name.lastIndexOf('.');
        String extension = dot <= 0 ? "" : name.substring(dot);
        return switch (extension) {
            case ".mp4" -> MP4;
            case ".gif" -> GIF;
            case "" -> PNG_SEQUENCE;
            default ->
                throw new UnsupportedException("video " + target
                        + ": expected a name ending in .mp4 or .gif, or a folder for PNG frames, got " + extension);
        };
    }

    /**
     * Begins a video.
     *
     * @param target the file, or for {@link #PNG_SEQUENCE} the folder, to make; its parent folder must exist
     * @throws IllegalArgumentException if the target exists and may not be replaced, or the settings do not suit
     * @throws UnsupportedException if this machine lacks what the format needs
     * @throws UncheckedIOException if nothing can be written there
     */
    public FrameWriter open(Path target, VideoSettings settings) {
        check(target, settings);
        try {
            StagedOutput output = this == PNG_SEQUENCE
                    ? StagedOutput.folder(target, settings.overwrite())
                    : StagedOutput.file(target, settings.overwrite());
            try {
                return create(output, target, settings);
            } catch (IOException | RuntimeException e) {
                output.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("video " + target + ": expected to write there, got " + e, e);
        }
    }

    abstract FrameWriter create(StagedOutput output, Path target, VideoSettings settings) throws IOException;

    abstract void check(Path target, VideoSettings settings);
}
