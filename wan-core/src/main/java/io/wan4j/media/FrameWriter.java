package io.wan4j.media;

import io.wan4j.error.ShapeException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * Takes the frames of a video one by one and makes a file (or a folder) of them. The target appears whole at
 * {@link #finish}, or not at all: closing without it, or a failure, leaves nothing behind. Made by
 * {@link VideoFormat#open}. For one thread at a time.
 */
public interface FrameWriter extends AutoCloseable {
    /**
     * Adds a frame.
     *
     * @param rgb red, green and blue of each pixel, row by row; not kept
     * @throws ShapeException if the length does not fit the size of the video
     * @throws UncheckedIOException if writing fails; nothing is left of the video then
     */
    void write(byte[] rgb);

    /**
     * Adds a frame.
     *
     * @throws ShapeException if it does not have the size of the video
     * @throws UncheckedIOException if writing fails; nothing is left of the video then
     */
    void write(Picture frame);

    /**
     * Completes the video and gives it its name.
     *
     * @return the target
     * @throws IllegalStateException if there are no frames
     * @throws UncheckedIOException if writing fails; nothing is left of the video then
     */
    Path finish();

    /** Frees everything, and removes the video unless it was finished. */
    @Override
    void close();
}
