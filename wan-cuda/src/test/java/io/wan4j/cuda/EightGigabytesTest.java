package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.wan4j.GenerationPlan;
import io.wan4j.ImageToVideo;
import io.wan4j.media.ClipPreprocess;
import io.wan4j.media.Picture;
import io.wan4j.media.PixelSize;
import io.wan4j.media.Planes;
import io.wan4j.media.VideoSize;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.vae.VaeConfig;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.pipeline.DenoisingJob;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.Placement;
import io.wan4j.pipeline.Stages;
import io.wan4j.pipeline.Tick;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.StepDistill;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.WeightSource;
import io.wan4j.testkit.ptx.SimulatorOptions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The full-size model with INT8 blocks and encoders in BF16 on a card of 8 GiB, 480x832 with 81 frames, with and without a LoRA: every allocation
 * is made and counted, nothing is copied or computed.
 */
class EightGigabytesTest {
    /** What a card of 8 GiB leaves beside the driver's own memory and a desktop. */
    private static final long LIMIT = (8L << 30) - (640L << 20);

    private static final VideoSize SIZE = new VideoSize(832, 480);
    private static final int FRAMES = 81;
    private static final int LATENT_FRAMES = 21;

    private final SimulatedCudaDriver driver = new SimulatedCudaDriver(8L << 30, SimulatorOptions.fast());

    @ParameterizedTest
    @ValueSource(ints = {0, 64})
    void wholeGenerationStaysWithinTheLimit(int loraRank) {
        driver.hollow();
        ModelParts parts = parts(loraRank);
        ImageToVideo request = request(SIZE);
        DeviceOptions options = DeviceOptions.DEFAULT.withMemoryLimit(LIMIT);
        try (Device device = CudaDevice.open(driver, driver.info(), options, MemorySizes.of(8L << 30))) {
            GenerationPlan plan = GenerationPlan.of(parts, device.formats(), request);
            Placement placement = Placement.of(
                    plan.phases(), parts, new Placement.Room(device.memory().available(), device.memory()));
            assertThat(placement.textStreamed()).isTrue();
            assertThat(placement.residency().resident())
                    .isBetween(1, WanConfig.i2v14b().layers() - 1);
            try (LoadedModels models = new LoadedModels(parts, device, placement)) {
                generate(models);
                assertThat(models.takeWarnings()).isEmpty();
            }
        }
        assertThat(driver.peakBytes()).isLessThanOrEqualTo(LIMIT).isGreaterThan(LIMIT / 2);
        assertThat(driver.alive()).isZero();
    }

    /** The VAE works frame by frame; so no card that it is made for asks for tiles. */
    @Test
    void vaeFitsWithoutTilesAtTheLargestSize() {
        driver.hollow();
        try (Device device = CudaDevice.open(driver, driver.info(), DeviceOptions.DEFAULT, MemorySizes.of(8L << 30))) {
            GenerationPlan plan = GenerationPlan.of(parts(0), device.formats(), request(new VideoSize(1280, 720)));
            for (Phase phase : List.of(Phase.LATENT_ENCODING, Phase.DECODING)) {
                assertThat(plan.cost(phase).deviceBytes()).as(phase.label()).isLessThan(LIMIT);
            }
        }
    }

    private static ModelParts parts(int loraRank) {
        WeightSource source = new HollowWeights(Format.I8, loraRank);
        return new ModelParts(
                new ModelParts.Part<>(TextConfig.umt5Xxl(), source),
                new ModelParts.Part<>(VisionConfig.vitHuge14(), source),
                new ModelParts.Part<>(VaeConfig.wan21(), source),
                new ModelParts.Part<>(WanConfig.i2v14b(), source));
    }

    private static ImageToVideo request(VideoSize size) {
        return ImageToVideo.of(Picture.ofRgb(new PixelSize(16, 16), new byte[3 * 16 * 16]), "a cat")
                .size(size.width(), size.height())
                .frames(FRAMES);
    }

    /** All phases, one step. */
    private static void generate(LoadedModels models) {
        Stages stages = new Stages(models);
        float[] text = stages.text(new int[TextConfig.MAX_TOKENS], Tick.NONE);
        models.finished(Phase.TEXT_ENCODING);
        float[] image = stages.image(Planes.zeros(3, ClipPreprocess.SIZE), Tick.NONE);
        models.finished(Phase.IMAGE_ENCODING);
        float[] condition = stages.condition(Planes.zeros(3, SIZE.pixels()), FRAMES, Tick.NONE);
        models.finished(Phase.LATENT_ENCODING);
        DenoisingJob job = new DenoisingJob(text, Optional.empty(), 1, image, condition, SIZE, LATENT_FRAMES);
        float[] latents =
                new float[WanConfig.LATENT_CHANNELS * LATENT_FRAMES * SIZE.latentHeight() * SIZE.latentWidth()];
        StepDistill steps = new StepDistill(List.of(1000), 5, LatentPrecision.F32);
        stages.denoise(job, steps.newRun(), latents, Tick.NONE, () -> {});
        models.finished(Phase.DENOISING);
        stages.decode(latents, LATENT_FRAMES, SIZE, frame -> {}, Tick.NONE);
        models.finished(Phase.DECODING);
    }
}
