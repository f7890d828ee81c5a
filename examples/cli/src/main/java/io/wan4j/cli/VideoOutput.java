package io.wan4j.cli;

import io.wan4j.Cancellation;
import io.wan4j.GenerationOptions;
import io.wan4j.GenerationReport;
import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.media.FrameWriter;
import io.wan4j.media.Overwrite;
import io.wan4j.media.Picture;
import io.wan4j.media.VideoFormat;
import io.wan4j.media.VideoSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/** Generates into a file while the frames are decoded. */
record VideoOutput(Path target, Overwrite overwrite, Optional<Path> state) {
    /** Fails now rather than after long work if the target cannot be written. */
    void check() {
        VideoFormat.of(target);
        if (overwrite == Overwrite.REFUSE && Files.exists(target)) {
            throw new IllegalArgumentException(
                    target + ": expected no such file, but it exists; choose another name or give --force");
        }
        Path parent = target.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new IllegalArgumentException(target + ": expected its folder to exist; make it first");
        }
    }

    GenerationReport generate(WanPipeline pipeline, ImageToVideo request, Consumer<Picture> frames) {
        VideoSettings settings =
                new VideoSettings(request.videoSize().pixels(), ImageToVideo.FRAMES_PER_SECOND, overwrite);
        Cancellation cancellation = new Cancellation();
        try (Interrupt interrupt = new Interrupt(cancellation);
                FrameWriter writer = VideoFormat.of(target).open(target, settings);
                ConsoleProgress progress = new ConsoleProgress()) {
            interrupt.watch();
            GenerationReport report =
                    pipeline.generate(request, new GenerationOptions(progress, cancellation, state), frame -> {
                        writer.write(frame);
                        frames.accept(frame);
                    });
            writer.finish();
            progress.complete();
            return report;
        }
    }
}
