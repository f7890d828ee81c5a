package io.wan4j.cli;

import io.wan4j.GenerationOptions;
import io.wan4j.GenerationReport;
import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.media.FrameWriter;
import io.wan4j.media.Overwrite;
import io.wan4j.media.Picture;
import io.wan4j.media.VideoFormat;
import io.wan4j.media.VideoSettings;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Generates into a file while the frames are decoded. */
record VideoOutput(Path target, Overwrite overwrite, Optional<Path> state) {
    /** Fails now rather than after long work if the target cannot be written. */
    void check(ImageToVideo request) {
        if (overwrite == Overwrite.REFUSE && Files.exists(target)) {
            throw new IllegalArgumentException(
                    target + ": expected no such file, but it exists; choose another name or give --force");
        }
        open(request).close();
    }

    private FrameWriter open(ImageToVideo request) {
        VideoSettings settings =
                new VideoSettings(request.videoSize().pixels(), ImageToVideo.FRAMES_PER_SECOND, overwrite);
        return VideoFormat.of(target).open(target, settings);
    }

    GenerationReport generate(WanPipeline pipeline, ImageToVideo request, Console console, Consumer<Picture> frames) {
        Interrupt interrupt = console.interrupt();
        interrupt.begin();
        try (FirstFrameWriter writer = new FirstFrameWriter(request);
                ConsoleProgress progress = ConsoleProgress.on(console.err())) {
            GenerationOptions options = new GenerationOptions(progress, interrupt.cancellation(), state);
            GenerationReport report = pipeline.generate(request, options, frame -> {
                writer.writer().write(frame);
                frames.accept(frame);
            });
            writer.writer().finish();
            return report;
        } finally {
            interrupt.end();
        }
    }

    /**
     * Where a command writes besides its results.
     *
     * @param err progress and errors
     * @param interrupt Ctrl-C
     */
    record Console(PrintWriter err, Interrupt interrupt) {}

    /** Opens the file at the first frame: hours of denoising leave no half file behind, however they end. */
    private final class FirstFrameWriter implements AutoCloseable {
        private final ImageToVideo request;
        private @Nullable FrameWriter opened;

        FirstFrameWriter(ImageToVideo request) {
            this.request = request;
        }

        FrameWriter writer() {
            FrameWriter current = opened == null ? open(request) : opened;
            opened = current;
            return current;
        }

        @Override
        public void close() {
            if (opened != null) {
                opened.close();
            }
        }
    }
}
