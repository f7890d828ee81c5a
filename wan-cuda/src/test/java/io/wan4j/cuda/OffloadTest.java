package io.wan4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.error.DeviceException;
import io.wan4j.media.VideoSize;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.pipeline.DenoisingJob;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.Stages;
import io.wan4j.pipeline.Tick;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.StepDistill;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.testkit.synth.Packing;
import io.wan4j.testkit.synth.SyntheticCheckpoint;
import io.wan4j.testkit.synth.SyntheticSizes;
import io.wan4j.testkit.synth.WeightEncoding;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two denoising steps of a tiny transformer whose blocks do or do not fit on the device. */
class OffloadTest {
    private static final VideoSize SIZE = new VideoSize(32, 16);
    private static final int LATENT_FRAMES = 2;
    private static final int LAYERS = 4;

    @TempDir
    private static Path folder = Path.of("");

    private static ModelFiles files;
    private static ModelParts parts;
    private static float[] expected = {};
    private static long residentPeak;
    private static long streamedPeak;

    private final SimulatedCudaDriver driver = SimulatedDevices.fastDriver();

    @BeforeAll
    static void computeWithAllBlocksOnTheDevice() {
        SyntheticSizes sizes = SyntheticSizes.tiny().withLayers(LAYERS);
        new SyntheticCheckpoint(sizes, WeightEncoding.BF16, Packing.FLAT, EnumSet.allOf(Component.class), 7)
                .write(folder, done -> {});
        files = ModelFiles.open(folder);
        parts = ModelParts.of(files, new ModelParts.Heads(OptionalInt.empty(), OptionalInt.empty()));
        OffloadTest all = new OffloadTest();
        try (Device device = all.open(DeviceOptions.DEFAULT)) {
            expected = denoise(device, Residency.ALL);
        }
        residentPeak = all.driver.peakBytes();
        OffloadTest none = new OffloadTest();
        try (Device device = none.open(DeviceOptions.DEFAULT)) {
            assertThat(denoise(device, new Residency(0))).containsExactly(expected);
        }
        streamedPeak = none.driver.peakBytes();
    }

    @AfterAll
    static void closeFiles() {
        files.close();
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(driver.alive()).isZero();
    }

    private Device open(DeviceOptions options) {
        return CudaDevice.open(driver, driver.info(), options, SimulatedDevices.smallSizes());
    }

    private static float[] denoise(Device device, Residency residency) {
        try (LoadedModels models = new LoadedModels(parts, device, Set.of(), residency)) {
            float[] latents = TinyTransformer.random(WanConfig.LATENT_CHANNELS * positions());
            new Stages(models).denoise(job(), steps().newRun(), latents, Tick.NONE, () -> {});
            assertThat(models.takeWarnings()).isEmpty();
            return latents;
        }
    }

    private static StepDistill steps() {
        return new StepDistill(List.of(1000, 500), 5, LatentPrecision.F32);
    }

    private static int positions() {
        return LATENT_FRAMES * SIZE.latentHeight() * SIZE.latentWidth();
    }

    private static DenoisingJob job() {
        WanConfig config = parts.transformer().config();
        return new DenoisingJob(
                TinyTransformer.random(3 * config.textDim()),
                Optional.empty(),
                1,
                TinyTransformer.random(VisionConfig.ROWS * config.imageDim()),
                TinyTransformer.random(WanConfig.CONDITION_CHANNELS * positions()),
                SIZE,
                LATENT_FRAMES);
    }

    @Test
    void fewerResidentBlocksNeedLessMemory() {
        assertThat(streamedPeak).isLessThan(residentPeak);
    }

    @Test
    void memoryLimitThatHoldsNotAllBlocksGivesTheSameBitsAndIsKept() {
        long limit = residentPeak - 1;
        try (Device device = open(DeviceOptions.DEFAULT.withMemoryLimit(limit));
                LoadedModels models = new LoadedModels(parts, device, Set.of(), Residency.ALL)) {
            requireSameBitsWithFewerBlocks(models);
        }
        assertThat(driver.peakBytes()).isLessThanOrEqualTo(limit);
    }

    @Test
    void deviceThatOtherProgramsFillMeanwhileKeepsFewerBlocks() {
        try (Device device = open(DeviceOptions.DEFAULT);
                LoadedModels models = new LoadedModels(parts, device, Set.of(), Residency.ALL)) {
            models.load(Phase.DENOISING);
            driver.leave((residentPeak + streamedPeak) / 2);
            requireSameBitsWithFewerBlocks(models);
        }
    }

    private static void requireSameBitsWithFewerBlocks(LoadedModels models) {
        float[] latents = TinyTransformer.random(WanConfig.LATENT_CHANNELS * positions());
        new Stages(models).denoise(job(), steps().newRun(), latents, Tick.NONE, () -> {});
        assertThat(latents).containsExactly(expected);
        assertThat(models.transformer().residentBlocks()).isLessThan(LAYERS);
        assertThat(models.takeWarnings())
                .isNotEmpty()
                .last()
                .asString()
                .contains(models.transformer().residentBlocks() + " of " + LAYERS + " blocks stay");
        assertThat(models.takeWarnings()).isEmpty();
    }

    @Test
    void deviceWithoutRoomForOneBlockSaysSo() {
        try (Device device = open(DeviceOptions.DEFAULT)) {
            driver.leave(1 << 20);
            assertThatThrownBy(() -> denoise(device, Residency.ALL))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("device memory for")
                    .hasMessageContaining("close other programs");
        }
    }

    @Test
    void hundredLoadsOfEveryNetworkLeaveNothing() {
        for (int i = 0; i < 100; i++) {
            Device device = open(DeviceOptions.DEFAULT);
            LoadedModels models = new LoadedModels(parts, device, Set.of(), new Residency(i % (LAYERS + 1)));
            for (Phase phase : Phase.values()) {
                models.load(phase);
            }
            if (i % 2 == 0) {
                models.close();
            }
            device.close();
            assertThat(driver.alive()).isZero();
            models.close();
        }
    }
}
