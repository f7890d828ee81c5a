package io.wan4j.testkit.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.Cancellation;
import io.wan4j.GenerationOptions;
import io.wan4j.GenerationPlan;
import io.wan4j.GenerationReport;
import io.wan4j.ImageToVideo;
import io.wan4j.PhaseReport;
import io.wan4j.Progress;
import io.wan4j.ProgressListener;
import io.wan4j.Video;
import io.wan4j.WanPipeline;
import io.wan4j.error.DeviceException;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.pipeline.Phase;
import io.wan4j.scheduler.UniPc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class PipelineTest {
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
    void givesSoManyFramesOfTheSize() {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            Video video = pipeline.generate(TinyPipeline.request().frames(9));
            assertThat(video.frames()).hasSize(9);
            assertThat(video.frames())
                    .allMatch(frame -> frame.size().equals(new PixelSize(TinyPipeline.WIDTH, TinyPipeline.HEIGHT)));
            assertThat(video.report().phases()).extracting(PhaseReport::phase).containsExactly(Phase.values());
            assertThat(video.report().warnings()).isEmpty();
        }
    }

    @Test
    void sameSeedGivesTheSameBytesAndAnotherOneDoesNot() {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            assertThat(TinyPipeline.bytes(
                            pipeline.generate(TinyPipeline.request()).frames()))
                    .containsExactlyElementsOf(expected);
            assertThat(TinyPipeline.bytes(
                            pipeline.generate(TinyPipeline.request().seed(43)).frames()))
                    .isNotEqualTo(expected);
        }
    }

    @Test
    void progressRisesThroughAllPhasesToOne() {
        List<Progress> events = new ArrayList<>();
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            pipeline.generate(TinyPipeline.request(), events::add);
        }
        assertThat(events).extracting(Progress::phase).containsSubsequence(Phase.values());
        assertThat(events).extracting(Progress::fraction).isSorted();
        assertThat(events.get(0).fraction()).isLessThan(0.5);
        assertThat(events.get(events.size() - 1).fraction()).isEqualTo(1);
        assertThat(events).allMatch(event -> event.fraction() >= 0 && event.fraction() <= 1);
        assertThat(events)
                .allMatch(event -> event.step() >= 1
                        && event.step() <= event.steps()
                        && event.block() >= 1
                        && event.block() <= event.blocks());
        assertThat(events).allMatch(event -> !event.remaining().isNegative());
        assertThat(events.get(events.size() - 1).remaining()).isZero();
        assertThat(events)
                .filteredOn(event -> event.phase() == Phase.DENOISING)
                .hasSize(4 * 2)
                .extracting(Progress::toString)
                .allMatch(line -> line.startsWith("denoising "));
    }

    @Test
    void progressOfTwoPromptsRisesToo() {
        List<Progress> events = new ArrayList<>();
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            Video video = pipeline.generate(guided(), events::add);
            assertThat(video.frames()).hasSize(TinyPipeline.FRAMES);
            assertThat(video.report().phases()).extracting(PhaseReport::phase).containsExactly(Phase.values());
        }
        assertThat(events).extracting(Progress::fraction).isSorted();
    }

    @Test
    void guidanceChangesTheVideo() {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            List<byte[]> plain =
                    TinyPipeline.bytes(pipeline.generate(TinyPipeline.request().scheduler(new UniPc(3, 5)))
                            .frames());
            List<byte[]> guided = TinyPipeline.bytes(pipeline.generate(guided()).frames());
            assertThat(guided).hasSameSizeAs(plain).isNotEqualTo(plain);
        }
    }

    private static ImageToVideo guided() {
        return TinyPipeline.request().scheduler(new UniPc(3, 5)).guidance(4).negativePrompt("the wind over hills");
    }

    @Test
    void framesAreHandedOutBeforeDecodingEnds() {
        List<Double> fractions = new ArrayList<>();
        double[] now = new double[1];
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            pipeline.generate(
                    TinyPipeline.request().frames(17),
                    GenerationOptions.listening(progress -> now[0] = progress.fraction()),
                    frame -> fractions.add(now[0]));
        }
        assertThat(fractions).hasSize(17).isSorted();
        assertThat(fractions.get(0)).isLessThan(fractions.get(16) - 0.1);
    }

    @Test
    void cancelInAnyPhaseLeavesNothing() throws IOException {
        for (Phase phase : Phase.values()) {
            assertNothingIsLeft(new CancelIn(phase));
        }
    }

    /** Cancels in the middle of a phase. */
    private record CancelIn(Phase phase) implements ProgressListener {
        @Override
        public void on(Progress progress) {
            if (progress.phase() == phase && progress.block() * 2 >= progress.blocks()) {
                progress.cancel();
            }
        }
    }

    private void assertNothingIsLeft(ProgressListener listener) throws IOException {
        Set<Path> before = files();
        Set<Thread> threads = threads();
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            long free = pipeline.device().memory().available();
            assertThatThrownBy(() -> pipeline.generate(TinyPipeline.request(), listener))
                    .isInstanceOf(CancellationException.class);
            assertThat(pipeline.device().memory().inArenas()).isZero();
            assertThat(pipeline.device().memory().workspace().mark()).isZero();
            pipeline.device().memory().workspace().rewind(0);
            assertThat(pipeline.device().memory().available()).isEqualTo(free);
            assertThat(files()).isEqualTo(before);
            assertThat(TinyPipeline.bytes(
                            pipeline.generate(TinyPipeline.request()).frames()))
                    .containsExactlyElementsOf(expected);
        }
        for (Thread thread : threads()) {
            if (!threads.contains(thread)) {
                joinQuietly(thread);
            }
        }
    }

    private static Set<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return Set.copyOf(all.toList());
        }
    }

    private static Set<Thread> threads() {
        return Set.copyOf(Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("wan-"))
                .toList());
    }

    @Test
    void cancelFromAnotherThreadStopsAtTheNextBlock() throws InterruptedException {
        Cancellation cancellation = new Cancellation();
        AtomicInteger after = new AtomicInteger();
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            ProgressListener listener = progress -> {
                if (cancellation.isRequested()) {
                    after.incrementAndGet();
                }
                if (progress.phase() == Phase.DENOISING && !cancellation.isRequested()) {
                    Thread other = new Thread(cancellation::cancel);
                    other.start();
                    joinQuietly(other);
                }
            };
            GenerationOptions options = new GenerationOptions(listener, cancellation, Optional.empty());
            assertThatThrownBy(() -> pipeline.generate(TinyPipeline.request(), options, frame -> {}))
                    .isInstanceOf(CancellationException.class);
        }
        assertThat(after).hasValue(0);
    }

    private static void joinQuietly(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void failureOfTheListenerOrTheConsumerIsPassedOnAndLeavesNothing() {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            assertThatThrownBy(() -> pipeline.generate(TinyPipeline.request(), GenerationOptions.silent(), frame -> {
                        throw new IllegalStateException("disk full");
                    }))
                    .hasMessage("disk full");
            assertThat(pipeline.device().memory().inArenas()).isZero();
        }
    }

    @Test
    void streamedBlocksGiveTheSameBytes() {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            GenerationPlan plan = pipeline.plan(TinyPipeline.request());
            long others = plan.phases().entrySet().stream()
                    .filter(entry -> entry.getKey() != Phase.DENOISING)
                    .mapToLong(entry -> entry.getValue().deviceBytes())
                    .max()
                    .orElseThrow();
            long denoising = plan.cost(Phase.DENOISING).deviceBytes();
            assertThat(plan.peakDeviceBytes()).isEqualTo(Math.max(others, denoising));
            try (WanPipeline small = TinyPipeline.open(model, Math.max(others, denoising))) {
                assertThat(TinyPipeline.bytes(
                                small.generate(TinyPipeline.request()).frames()))
                        .containsExactlyElementsOf(expected);
                assertThat(small.device().memory().inArenas()).isZero();
            }
        }
    }

    @Test
    void tooSmallALimitIsSaidBeforeAnythingIsLoaded() {
        try (WanPipeline pipeline = TinyPipeline.open(model, 100_000)) {
            assertThatThrownBy(() -> pipeline.generate(TinyPipeline.request()))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("memory limit")
                    .hasMessageContaining("raise the limit");
            assertThat(pipeline.device().memory().inArenas()).isZero();
        }
    }

    @Test
    void planNamesEveryPhaseAndAddsUp() {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            GenerationPlan plan = pipeline.plan(TinyPipeline.request());
            Map<Phase, Long> flops = new EnumMap<>(Phase.class);
            plan.phases().forEach((phase, cost) -> flops.put(phase, cost.work().flops()));
            assertThat(flops.keySet()).isEqualTo(EnumSet.allOf(Phase.class));
            assertThat(flops.values()).allMatch(count -> count > 0);
            assertThat(plan.flops())
                    .isEqualTo(
                            flops.values().stream().mapToLong(Long::longValue).sum());
        }
    }

    @Test
    void measuredWorkspaceIsThePlanned() {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            GenerationPlan plan = pipeline.plan(TinyPipeline.request());
            GenerationReport report = pipeline.generate(TinyPipeline.request()).report();
            for (PhaseReport phase : report.phases()) {
                long planned = plan.cost(phase.phase()).workspacePeak();
                // The plan does not know how many tokens the prompt has.
                if (phase.phase() == Phase.TEXT_ENCODING || phase.phase() == Phase.DENOISING) {
                    assertThat(phase.workspacePeak()).isLessThanOrEqualTo(planned);
                } else {
                    assertThat(phase.workspacePeak()).as(phase.phase().label()).isEqualTo(planned);
                }
            }
        }
    }

    @Test
    void pictureAndVideoAreIndependentOfTheCaller() {
        Picture picture = TinyPipeline.picture();
        assertThat(ImageToVideo.of(picture, "x").picture()).isSameAs(picture);
        assertThat(ImageToVideo.of(picture, "x").seed(5).seed(6).seed()).isEqualTo(6);
    }
}
