package io.wan4j.testkit.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.StepDistill;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints for 480P and 720P have the same shapes: only their names tell. */
class ResolutionTest {
    @TempDir
    private Path folder = Path.of("");

    private List<String> warnings(String name) throws IOException {
        Path model = Files.move(TinyPipeline.model(folder), folder.resolve(name));
        ImageToVideo request = TinyPipeline.request()
                .frames(1)
                .scheduler(new StepDistill(List.of(1000, 750, 500, 250), 5, LatentPrecision.F32));
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            return pipeline.generate(request).report().warnings();
        }
    }

    @Test
    void smallVideoWithA720pModelIsWarnedOf() throws IOException {
        assertThat(warnings("Wan2.1-I2V-14B-720P-StepDistill-CfgDistill-Lightx2v"))
                .singleElement()
                .asString()
                .contains("32x16", "720P", "1280x720", "480P checkpoint");
    }

    @Test
    void smallVideoWithA480pModelIsFine() throws IOException {
        assertThat(warnings("Wan2.1-I2V-14B-480P-StepDistill-CfgDistill-Lightx2v"))
                .isEmpty();
    }
}
