package io.wan4j.testkit.synth;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.GenerationPlan;
import io.wan4j.ImageToVideo;
import io.wan4j.PhaseReport;
import io.wan4j.Video;
import io.wan4j.WanPipeline;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.pipeline.Phase;
import io.wan4j.spi.Device;
import java.nio.file.Path;
import java.util.EnumSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PlannedMemoryTest {
    @TempDir
    private Path folder = Path.of("");

    @ParameterizedTest
    @EnumSource(WeightEncoding.class)
    void workspacePeaksAreThoseOfThePlan(WeightEncoding encoding) {
        new SyntheticCheckpoint(SyntheticSizes.tiny(), encoding, Packing.FLAT, EnumSet.allOf(Component.class), 3)
                .write(folder, done -> {});
        // A prompt of the longest length, which is what the plan assumes.
        String prompt = "a cat surfing at dusk ".repeat(200);
        ImageToVideo request = ImageToVideo.of(Picture.ofRgb(new PixelSize(16, 16), new byte[3 * 16 * 16]), prompt)
                .size(48, 32)
                .frames(9);
        try (WanPipeline pipeline = WanPipeline.builder()
                .model(folder)
                .device(Device.named("reference"))
                .build()) {
            GenerationPlan plan = pipeline.plan(request);
            Video video = pipeline.generate(request);
            for (Phase phase : Phase.values()) {
                PhaseReport report = video.report().phase(phase).orElseThrow();
                assertThat(report.workspacePeak())
                        .as(phase.label())
                        .isEqualTo(plan.cost(phase).workspacePeak());
            }
        }
    }
}
