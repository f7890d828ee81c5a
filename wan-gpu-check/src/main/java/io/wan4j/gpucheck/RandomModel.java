package io.wan4j.gpucheck;

import io.wan4j.dry.DryDevice;
import io.wan4j.media.ClipPreprocess;
import io.wan4j.media.Planes;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.pipeline.DenoisingJob;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.PhaseCost;
import io.wan4j.pipeline.Stages;
import io.wan4j.pipeline.Tick;
import io.wan4j.pipeline.WorkCurve;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.StepDistill;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.tensor.Format;
import io.wan4j.testkit.synth.TensorCatalog;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The four networks with random weights, and a clip to make with them.
 *
 * @param parts networks
 * @param clip size, frames, words
 */
record RandomModel(ModelParts parts, Workload.Clip clip) {
    /** Points of the distilled schedule. */
    static final List<Integer> FOUR_STEPS = List.of(1000, 750, 500, 250);

    private static final double SHIFT = 5;

    /** Networks whose blocks' layers have this format. */
    static RandomModel of(Workload workload, Format blocks, RandomPool pool) {
        Workload.Model model = workload.model();
        ModelParts parts = new ModelParts(
                new ModelParts.Part<>(model.text(), new RandomSource(TensorCatalog.of(model.text()), blocks, pool)),
                new ModelParts.Part<>(
                        model.image(), new RandomSource(TensorCatalog.of(model.image()), Format.BF16, pool)),
                new ModelParts.Part<>(model.vae(), new RandomSource(TensorCatalog.of(model.vae()), Format.BF16, pool)),
                new ModelParts.Part<>(
                        model.transformer(), new RandomSource(TensorCatalog.of(model.transformer()), blocks, pool)));
        return new RandomModel(parts, workload.clip());
    }

    /** What every phase needs, found without data. */
    Map<Phase, PhaseCost> costs(ActivationFormats formats) {
        Map<Phase, PhaseCost> costs = new EnumMap<>(Phase.class);
        for (Phase phase : Phase.values()) {
            costs.put(phase, cost(phase, formats, FOUR_STEPS));
        }
        return costs;
    }

    /** What one phase needs, found without data. */
    PhaseCost cost(Phase phase, ActivationFormats formats, List<Integer> points) {
        DryDevice device = new DryDevice(formats);
        WorkCurve.Recorder recorder = new WorkCurve.Recorder(() -> device.work().flops());
        try (LoadedModels models = new LoadedModels(parts, device, Set.of(), Residency.ALL)) {
            run(phase, models, points);
            return new PhaseCost(
                    device.work(),
                    recorder.finish(),
                    device.peakInArenas(),
                    device.memory().workspace().peak());
        }
    }

    /** Runs a phase on random input. */
    void run(Phase phase, LoadedModels models, List<Integer> points) {
        Stages stages = new Stages(models);
        switch (phase) {
            case TEXT_ENCODING -> stages.text(ids(), Tick.NONE);
            case IMAGE_ENCODING -> stages.image(planes(Planes.zeros(3, ClipPreprocess.SIZE)), Tick.NONE);
            case LATENT_ENCODING ->
                stages.condition(planes(Planes.zeros(3, clip.size().pixels())), clip.frames(), Tick.NONE);
            case DENOISING ->
                stages.denoise(
                        job(),
                        new StepDistill(points, SHIFT, LatentPrecision.F32).newRun(),
                        normal(latent(WanConfig.LATENT_CHANNELS)),
                        Tick.NONE,
                        () -> {});
            case DECODING ->
                stages.decode(
                        normal(latent(WanConfig.LATENT_CHANNELS)),
                        clip.latentFrames(),
                        clip.size(),
                        frame -> {},
                        Tick.NONE);
        }
    }

    private int[] ids() {
        int[] ids = new int[clip.words()];
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < ids.length; i++) {
            ids[i] = random.nextInt(parts.text().config().vocabulary());
        }
        return ids;
    }

    private DenoisingJob job() {
        WanConfig config = parts.transformer().config();
        return new DenoisingJob(
                normal(clip.words() * config.textDim()),
                Optional.empty(),
                1,
                normal(VisionConfig.ROWS * config.imageDim()),
                normal(latent(WanConfig.CONDITION_CHANNELS)),
                clip.size(),
                clip.latentFrames());
    }

    /** Elements of a latent with so many channels. */
    int latent(int channels) {
        return channels
                * clip.latentFrames()
                * clip.size().latentHeight()
                * clip.size().latentWidth();
    }

    /** Tokens of the transformer. */
    long tokens() {
        return clip.latentFrames() * clip.size().tokensPerFrame();
    }

    private static Planes planes(Planes like) {
        return new Planes(normal(like.values().length), like.channels(), like.size());
    }

    /** Normal numbers. */
    static float[] normal(int count) {
        SplittableRandom random = new SplittableRandom(count);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
