package io.wan4j;

import io.wan4j.media.Picture;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;

/** Runs one generation for each subscriber, on a thread of its own, and waits for slow subscribers. */
record FramePublisher(WanPipeline pipeline, ImageToVideo request, ProgressListener listener)
        implements Flow.Publisher<Picture> {
    private static final int BUFFERED_FRAMES = 8;
    private static final int PATIENCE_MILLIS = 50;
    private static final Executor CALLER = Runnable::run;

    @Override
    public void subscribe(Flow.Subscriber<? super Picture> subscriber) {
        Objects.requireNonNull(subscriber, "subscriber");
        Cancellation cancellation = new Cancellation();
        SubmissionPublisher<Picture> frames = new SubmissionPublisher<>(CALLER, BUFFERED_FRAMES);
        frames.subscribe(new Cancelling(subscriber, cancellation));
        Thread thread = new Thread(() -> generate(frames, cancellation), "wan-frames");
        thread.setDaemon(true);
        thread.start();
    }

    private void generate(SubmissionPublisher<Picture> frames, Cancellation cancellation) {
        try {
            GenerationOptions options = new GenerationOptions(listener, cancellation, Optional.empty());
            pipeline.generate(request, options, frame -> deliver(frames, frame, cancellation));
            frames.close();
        } catch (RuntimeException | Error failure) {
            frames.closeExceptionally(failure);
        }
    }

    /** Waits until there is room, without missing that the generation was cancelled meanwhile. */
    private static void deliver(SubmissionPublisher<Picture> frames, Picture frame, Cancellation cancellation) {
        while (frames.offer(frame, PATIENCE_MILLIS, TimeUnit.MILLISECONDS, (subscriber, dropped) -> false) < 0) {
            cancellation.check();
        }
        cancellation.check();
    }

    /** Passes all signals on; a cancelled subscription cancels the generation. */
    private record Cancelling(Flow.Subscriber<? super Picture> subscriber, Cancellation cancellation)
            implements Flow.Subscriber<Picture> {
        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscriber.onSubscribe(new Flow.Subscription() {
                @Override
                public void request(long count) {
                    subscription.request(count);
                }

                @Override
                public void cancel() {
                    cancellation.cancel();
                    subscription.cancel();
                }
            });
        }

        @Override
        public void onNext(Picture frame) {
            subscriber.onNext(frame);
        }

        @Override
        public void onError(Throwable failure) {
            subscriber.onError(failure);
        }

        @Override
        public void onComplete() {
            subscriber.onComplete();
        }
    }
}
