package io.wan4j.testkit.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.ImageToVideo;
import io.wan4j.WanPipeline;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.StepDistill;
import io.wan4j.scheduler.UniPc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DistillationTest {
    private static final String FILE = "diffusion_pytorch_model.safetensors";

    @TempDir
    Path folder;

    private List<String> warnings(Path model, ImageToVideo request) {
        try (WanPipeline pipeline = TinyPipeline.open(model)) {
            return pipeline.generate(request.frames(1)).report().warnings();
        }
    }

    private Path named(String name) throws IOException {
        return Files.move(TinyPipeline.model(folder), folder.resolve(name));
    }

    @Test
    void distilledFileWithGuidanceAndOtherStepsIsWarnedOf() throws IOException {
        Path model = TinyPipeline.model(folder);
        String name = "wan2.1_i2v_480p_lightx2v_4step.safetensors";
        Files.move(model.resolve(FILE), model.resolve(name));
        assertThat(warnings(model, TinyPipeline.request())).isEmpty();
        assertThat(warnings(model, TinyPipeline.request().guidance(5)))
                .singleElement()
                .asString()
                .contains("guidance 5.0", name, "use guidance 1");
        assertThat(warnings(
                        model,
                        TinyPipeline.request().scheduler(new StepDistill(List.of(1000, 500), 5, LatentPrecision.F32))))
                .singleElement()
                .asString()
                .contains("[1000, 500]", "[1000, 750, 500, 250]");
        assertThat(warnings(
                        model, TinyPipeline.request().scheduler(new UniPc(2, 3)).guidance(5)))
                .hasSize(2);
    }

    @Test
    void distilledFolderIsKnownByItsName() throws IOException {
        Path model = named("Wan2.1-I2V-14B-480P-StepDistill-CfgDistill-Lightx2v");
        assertThat(warnings(model, TinyPipeline.request())).isEmpty();
        assertThat(warnings(model, TinyPipeline.request().guidance(2))).hasSize(1);
    }

    @Test
    void originalFolderWithTheDistilledDefaultsIsWarnedOf() throws IOException {
        Path model = named("Wan2.1-I2V-14B-480P");
        assertThat(warnings(model, TinyPipeline.request()))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("Wan2.1-I2V-14B-480P"))
                .anySatisfy(line -> assertThat(line).contains("UniPC with 40 steps"));
        assertThat(warnings(
                        model, TinyPipeline.request().scheduler(new UniPc(2, 5)).guidance(5)))
                .isEmpty();
    }

    @Test
    void nothingIsSaidOfAnUnknownModel() throws IOException {
        Path model = named("my-model");
        assertThat(warnings(model, TinyPipeline.request())).isEmpty();
        assertThat(warnings(model, TinyPipeline.request().guidance(5))).isEmpty();
    }
}
