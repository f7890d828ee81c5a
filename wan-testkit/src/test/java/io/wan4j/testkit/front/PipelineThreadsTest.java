package io.wan4j.testkit.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.Cancellation;
import io.wan4j.GenerationOptions;
import io.wan4j.ProgressListener;
import io.wan4j.WanPipeline;
import io.wan4j.media.Picture;
import io.wan4j.pipeline.Phase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class PipelineThreadsTest {
    @TempDir
    static Path folder;

    static Path model;
    static List<byte[]> expected = List.of();

    @BeforeAll
    static void makeModel() {
        model = TinyPipeline.model(folder);
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            expected =
                    TinyPipeline.bytes(pipeline.generate(TinyPipeline.request()).frames());
        }
    }

    @Test
    void severalThreadsTakeTurns() {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            ProgressListener listener = progress -> {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                inside.decrementAndGet();
            };
            List<CompletableFuture<List<byte[]>>> runs = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                runs.add(async(() -> TinyPipeline.bytes(
                        pipeline.generate(TinyPipeline.request(), listener).frames())));
            }
            runs.forEach(run -> assertThat(run.join()).containsExactlyElementsOf(expected));
        }
        assertThat(most).hasValue(1);
    }

    @Test
    void closeStopsTheGenerationAndThoseThatWait() throws InterruptedException {
        WanPipeline pipeline = TinyPipeline.open(model);
        CountDownLatch started = new CountDownLatch(1);
        CompletableFuture<?> running =
                async(() -> pipeline.generate(TinyPipeline.request().frames(81), progress -> started.countDown()));
        started.await();
        CompletableFuture<?> waiting = async(() -> pipeline.generate(TinyPipeline.request()));
        pipeline.close();
        pipeline.close();
        assertThatThrownBy(running::join).hasCauseInstanceOf(CancellationException.class);
        assertThatThrownBy(waiting::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(IllegalStateException.class);
        assertThat(pipeline.device().memory().inArenas()).isZero();
    }

    @Test
    void closeByAListenerFreesAtTheEnd() {
        WanPipeline pipeline = TinyPipeline.open(model);
        assertThatThrownBy(() -> pipeline.generate(TinyPipeline.request(), progress -> pipeline.close()))
                .isInstanceOf(CancellationException.class);
        assertThat(pipeline.device().memory().inArenas()).isZero();
        assertThatThrownBy(() -> pipeline.generate(TinyPipeline.request())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void useAfterCloseIsSaid() {
        WanPipeline pipeline = TinyPipeline.open(model);
        pipeline.close();
        assertThatThrownBy(() -> pipeline.generate(TinyPipeline.request()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> pipeline.plan(TinyPipeline.request()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void aListenerCannotStartAnotherGeneration() {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            assertThatThrownBy(() -> pipeline.generate(
                            TinyPipeline.request(), progress -> pipeline.generate(TinyPipeline.request())))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("listener");
        }
    }

    @Test
    void aWaitingGenerationCanBeCancelled() throws InterruptedException {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            CountDownLatch started = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            CompletableFuture<?> first = async(() -> pipeline.generate(TinyPipeline.request(), progress -> {
                started.countDown();
                awaitQuietly(go);
            }));
            started.await();
            Cancellation cancellation = new Cancellation();
            GenerationOptions options = new GenerationOptions(ProgressListener.NONE, cancellation, Optional.empty());
            CompletableFuture<?> second = async(() -> pipeline.generate(TinyPipeline.request(), options, frame -> {}));
            cancellation.cancel();
            assertThatThrownBy(second::join).hasCauseInstanceOf(CancellationException.class);
            go.countDown();
            assertThat(first.join()).isNotNull();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Every caller has a thread of its own: the common pool may have a single one, and callers wait for each other. */
    private static <T> CompletableFuture<T> async(Supplier<T> caller) {
        return CompletableFuture.supplyAsync(caller, task -> new Thread(task, "caller").start());
    }

    /** Asks for nothing by itself; keeps what comes. */
    private static final class Collector implements Flow.Subscriber<Picture> {
        private final LinkedBlockingQueue<Picture> frames = new LinkedBlockingQueue<>();
        private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
        private final CompletableFuture<@Nullable Throwable> end = new CompletableFuture<>();

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription.complete(given);
        }

        @Override
        public void onNext(Picture frame) {
            frames.add(frame);
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(failure);
        }

        @Override
        public void onComplete() {
            end.complete(null);
        }
    }

    @Test
    void publisherGivesOneFrameForEachRequest() throws InterruptedException {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            Collector collector = new Collector();
            pipeline.frames(TinyPipeline.request(), ProgressListener.NONE).subscribe(collector);
            List<Picture> frames = new ArrayList<>();
            for (int i = 0; i < TinyPipeline.FRAMES; i++) {
                assertThat(collector.frames).isEmpty();
                collector.subscription.join().request(1);
                Picture frame = collector.frames.poll(60, TimeUnit.SECONDS);
                assertThat(frame).isNotNull();
                frames.add(frame);
            }
            assertThat(collector.end.join()).isNull();
            assertThat(TinyPipeline.bytes(frames)).containsExactlyElementsOf(expected);
        }
    }

    @Test
    void cancelledSubscriptionStopsTheGeneration() throws InterruptedException {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            Collector collector = new Collector();
            pipeline.frames(TinyPipeline.request().frames(81), ProgressListener.NONE)
                    .subscribe(collector);
            Flow.Subscription subscription = collector.subscription.join();
            subscription.request(1);
            assertThat(collector.frames.poll(60, TimeUnit.SECONDS)).isNotNull();
            subscription.cancel();
            assertThat(TinyPipeline.bytes(
                            pipeline.generate(TinyPipeline.request()).frames()))
                    .containsExactlyElementsOf(expected);
            assertThat(collector.frames).isEmpty();
            assertThat(collector.end).isNotDone();
        }
    }

    @Test
    void closeEndsAPublisherWhoseSubscriberAsksForNothing() throws InterruptedException {
        WanPipeline pipeline = TinyPipeline.open(model);
        Collector collector = new Collector();
        CountDownLatch decoding = new CountDownLatch(1);
        ProgressListener listener = progress -> {
            if (progress.phase() == Phase.DECODING && progress.step() > 1) {
                decoding.countDown();
            }
        };
        pipeline.frames(TinyPipeline.request().frames(81), listener).subscribe(collector);
        collector.subscription.join();
        decoding.await();
        pipeline.close();
        assertThat(collector.end.join()).isInstanceOfAny(CancellationException.class, IllegalStateException.class);
    }

    @Test
    void failureReachesTheSubscriber() {
        WanPipeline pipeline = TinyPipeline.open(model);
        pipeline.close();
        Collector collector = new Collector();
        pipeline.frames(TinyPipeline.request(), ProgressListener.NONE).subscribe(collector);
        assertThat(collector.end.join()).isInstanceOf(IllegalStateException.class);
    }
}
