package io.wan4j;

import io.wan4j.media.Picture;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;

/** Runs one generation for each subscriber, on a thread of its own, and waits for slow subscribers. */
record FramePublisher(WanPipeline pipeline, ImageToVideo request, ProgressListener listener)
        implements Flow.Publisher<Picture> {
    private static final int BUFFERED_FRAMES = 8;
    private static final Executor CALLER = Runnable::run;

    @Override
    public void subscribe(Flow.Subscriber<? super Picture> subscriber) {
        SubmissionPublisher<Picture> frames = new SubmissionPublisher<>(CALLER, BUFFERED_FRAMES);
        frames.subscribe(subscriber);
        Thread thread = new Thread(() -> generate(frames), "wan-frames");
        thread.setDaemon(true);
        thread.start();
    }

    private void generate(SubmissionPublisher<Picture> frames) {
        Cancellation cancellation = new Cancellation();
        ProgressListener watching = progress -> {
            if (!frames.hasSubscribers()) {
                cancellation.cancel();
            }
            listener.on(progress);
        };
        try {
            pipeline.generate(request, new GenerationOptions(watching, cancellation, Optional.empty()), frames::submit);
            frames.close();
        } catch (RuntimeException | Error failure) {
            frames.closeExceptionally(failure);
        }
    }
}
