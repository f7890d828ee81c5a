package io.wan4j.cuda;

import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.media.VideoSize;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.pipeline.DenoisingJob;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.pipeline.Stages;
import io.wan4j.pipeline.Tick;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.StepDistill;
import io.wan4j.testkit.synth.Packing;
import io.wan4j.testkit.synth.SyntheticCheckpoint;
import io.wan4j.testkit.synth.SyntheticSizes;
import io.wan4j.testkit.synth.WeightEncoding;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/** A model of a few tiny blocks with a job for it. */
final class TinyTransformer implements AutoCloseable {
    private static final int LATENT_FRAMES = 2;

    private final ModelFiles files;
    private final ModelParts parts;

    /** Writes a checkpoint with so many blocks into a folder and opens it. */
    TinyTransformer(Path folder, int layers) {
        new SyntheticCheckpoint(
                        SyntheticSizes.tiny().withLayers(layers),
                        WeightEncoding.BF16,
                        Packing.FLAT,
                        EnumSet.allOf(Component.class),
                        7)
                .write(folder, done -> {});
        files = ModelFiles.open(folder);
        parts = ModelParts.of(files, new ModelParts.Heads(OptionalInt.empty(), OptionalInt.empty()));
    }

    ModelParts parts() {
        return parts;
    }

    /** Denoises in so many steps, at a size of 32 x 16 or a multiple of it in width. */
    float[] denoise(LoadedModels models, int steps, int widths, Tick tick) {
        VideoSize size = new VideoSize(32 * widths, 16);
        int positions = LATENT_FRAMES * size.latentHeight() * size.latentWidth();
        WanConfig config = parts.transformer().config();
        DenoisingJob job = new DenoisingJob(
                random(3 * config.textDim()),
                Optional.empty(),
                1,
                random(VisionConfig.ROWS * config.imageDim()),
                random(WanConfig.CONDITION_CHANNELS * positions),
                size,
                LATENT_FRAMES);
        float[] latents = random(WanConfig.LATENT_CHANNELS * positions);
        List<Integer> points = List.of(1000, 900, 800, 700, 500, 250).subList(0, steps);
        new Stages(models)
                .denoise(job, new StepDistill(points, 5, LatentPrecision.F32).newRun(), latents, tick, () -> {});
        return latents;
    }

    /** Values from -0.5 to 0.5, the same ones for the same count. */
    static float[] random(int count) {
        SplittableRandom source = new SplittableRandom(count);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (source.nextDouble() - 0.5);
        }
        return values;
    }

    @Override
    public void close() {
        files.close();
    }
}
