package io.wan4j.media;

import io.wan4j.error.ShapeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** What all writers share: order of calls, sizes, and leaving a whole target or none. */
abstract class StagedFrameWriter implements FrameWriter {
    private final StagedOutput output;
    private final Path target;
    private final PixelSize size;
    private int frames;
    private boolean open = true;

    StagedFrameWriter(StagedOutput output, Path target, VideoSettings settings) {
        this.output = output;
        this.target = target;
        this.size = settings.size();
    }

    /** Where the subclass writes. */
    final Path temporary() {
        return output.temporary();
    }

    /** Adds one frame of the right size; {@code index} counts from 0. */
    abstract void encode(byte[] rgb, int index) throws IOException;

    /** Writes what follows the last frame and closes the file. */
    abstract void complete() throws IOException;

    /** Frees everything; may be called more than once. */
    abstract void release() throws IOException;

    @Override
    public final void write(Picture frame) {
        if (!frame.size().equals(size)) {
            throw new ShapeException(
                    "video " + target + ", frame " + frames + ": expected " + size + ", got " + frame.size());
        }
        write(frame.raw());
    }

    @Override
    public final void write(byte[] rgb) {
        requireOpen();
        if (rgb.length != 3 * size.pixels()) {
            throw new ShapeException("video " + target + ", frame " + frames + ": expected " + 3 * size.pixels()
                    + " bytes for " + size + ", got " + rgb.length);
        }
        boolean written = false;
        try {
            encode(rgb, frames);
            written = true;
        } catch (IOException e) {
            throw failed("frame " + frames, e);
        } finally {
            if (!written) {
                close();
            }
        }
        frames++;
    }

    @Override
    public final Path finish() {
        requireOpen();
        if (frames == 0) {
            throw new IllegalStateException("video " + target + ": expected at least one frame, got none");
        }
        try {
            complete();
            output.commit();
            return target;
        } catch (IOException e) {
            throw failed("its end", e);
        } finally {
            close();
        }
    }

    @Override
    public final void close() {
        open = false;
        try (output) {
            release();
        } catch (IOException e) {
            throw failed("closing it", e);
        }
    }

    private void requireOpen() {
        if (!open) {
            throw new IllegalStateException("video " + target + ": it is finished, closed, or failed before");
        }
    }

    private UncheckedIOException failed(String where, IOException cause) {
        return new UncheckedIOException(
                "video " + target + ", " + where + ": expected to write it, got " + cause.getMessage(), cause);
    }
}
