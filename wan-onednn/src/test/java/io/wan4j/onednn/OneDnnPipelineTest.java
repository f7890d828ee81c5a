package io.wan4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.GenerationPlan;
import io.wan4j.ImageToVideo;
import io.wan4j.MemoryLimit;
import io.wan4j.PhaseReport;
import io.wan4j.Precision;
import io.wan4j.Video;
import io.wan4j.WanPipeline;
import io.wan4j.error.DeviceException;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.model.dit.Residency;
import io.wan4j.pipeline.Phase;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.synth.StreamedForward;
import io.wan4j.testkit.synth.TinyModel;
import io.wan4j.testkit.synth.WeightEncoding;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole generations on this backend. */
class OneDnnPipelineTest {
    @TempDir
    static Path folder;

    @BeforeAll
    static void makeModel() {
        TinyModel.write(folder, 7);
    }

    private static WanPipeline open(int threads) {
        return WanPipeline.builder()
                .model(folder)
                .device(Device.named("onednn").with(DeviceOptions.DEFAULT.withThreads(threads)))
                .build();
    }

    private static ImageToVideo request() {
        byte[] rgb = new byte[3 * 48 * 40];
        new SplittableRandom(11).nextBytes(rgb);
        // Longer than the longest prompt, which is what the plan assumes.
        String prompt = "a cat surfing at dusk ".repeat(200);
        return ImageToVideo.of(Picture.ofRgb(new PixelSize(48, 40), rgb), prompt)
                .size(48, 32)
                .frames(9)
                .seed(42);
    }

    private static List<byte[]> frames(WanPipeline pipeline) {
        return pipeline.generate(request()).frames().stream().map(Picture::rgb).toList();
    }

    @Test
    void sameSeedTwiceGivesTheSameBytesOnOneThreadAndOnTwo() {
        try (WanPipeline two = open(2);
                WanPipeline one = open(1)) {
            List<byte[]> expected = frames(two);
            assertThat(frames(two)).containsExactlyElementsOf(expected);
            // Work is cut by shapes alone, so not even rounding depends on the number of threads.
            assertThat(frames(one)).containsExactlyElementsOf(expected);
        }
    }

    @Test
    void workspacePeaksAreThoseOfThePlan() {
        try (WanPipeline pipeline = open(2)) {
            GenerationPlan plan = pipeline.plan(request());
            Video video = pipeline.generate(request());
            for (Phase phase : Phase.values()) {
                PhaseReport report = video.report().phase(phase).orElseThrow();
                assertThat(report.workspacePeak())
                        .as(phase.label())
                        .isEqualTo(plan.cost(phase).workspacePeak());
                assertThat(report.held())
                        .hasValueSatisfying(held -> assertThat(held.predicted())
                                .isGreaterThanOrEqualTo(report.weightBytes() + report.workspacePeak()));
            }
            assertThat(video.report().held()).isPresent();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"AS_STORED", "INT8", "F32"})
    void runsInTheLeastMemoryThatIsNotRefused(Precision precision) {
        List<byte[]> expected;
        try (WanPipeline roomy = within(precision, 1L << 30)) {
            expected = frames(roomy);
        }
        long refused = 1 << 20;
        long taken = 1L << 30;
        while (taken - refused > 64 << 10) {
            long limit = (refused + taken) / 2;
            try (WanPipeline pipeline = within(precision, limit)) {
                // Refused before the first phase, or run to the end: never out of memory on the way.
                List<Phase> begun = new ArrayList<>();
                try {
                    pipeline.generate(request(), now -> begun.add(now.phase()));
                    taken = limit;
                } catch (DeviceException e) {
                    assertThat(begun)
                            .as("refused " + limit + ": " + e.getMessage())
                            .isEmpty();
                    refused = limit;
                }
            }
        }
        try (WanPipeline tight = within(precision, taken)) {
            assertThat(frames(tight)).containsExactlyElementsOf(expected);
        }
    }

    private static WanPipeline within(Precision precision, long limit) {
        return WanPipeline.builder()
                .model(folder)
                .precision(precision)
                .memoryLimit(MemoryLimit.bytes(limit))
                .device(Device.named("onednn").with(DeviceOptions.DEFAULT.withThreads(2)))
                .build();
    }

    private static StreamedForward forward(WeightEncoding encoding, Residency residency) {
        try (Device device = new OneDnnProvider().open(DeviceOptions.DEFAULT.withThreads(2))) {
            return StreamedForward.of(device, encoding, residency);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightEncoding.class,
            names = {"BF16", "INT8"})
    void streamedBlocksGiveTheSameBytesInLessRoom(WeightEncoding encoding) {
        StreamedForward all = forward(encoding, Residency.ALL);
        StreamedForward none = forward(encoding, new Residency(0));
        assertThat(none.velocity()).containsExactly(all.velocity());
        assertThat(none.mostInArenas()).isLessThan(all.resident());
    }
}
