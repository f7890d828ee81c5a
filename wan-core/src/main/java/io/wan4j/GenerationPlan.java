package io.wan4j;

import io.wan4j.dry.DryDevice;
import io.wan4j.media.ClipPreprocess;
import io.wan4j.media.Planes;
import io.wan4j.media.VideoSize;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.model.text.TextConfig;
import io.wan4j.model.vision.VisionConfig;
import io.wan4j.pipeline.DenoisingJob;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.PhaseCost;
import io.wan4j.pipeline.Stages;
import io.wan4j.pipeline.Tick;
import io.wan4j.pipeline.WorkCurve;
import io.wan4j.spi.ActivationFormats;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a generation will need, found by running it on a device without data: exact peaks of memory, and work.
 *
 * @param phases cost of each phase
 */
public record GenerationPlan(Map<Phase, PhaseCost> phases) {
    /** Copies the map. */
    public GenerationPlan {
        phases = Collections.unmodifiableMap(new EnumMap<>(phases));
    }

    /** Cost of one phase. */
    public PhaseCost cost(Phase phase) {
        PhaseCost cost = phases.get(phase);
        if (cost == null) {
            throw new IllegalArgumentException("plan: no cost for " + phase);
        }
        return cost;
    }

    /** Matrix operations of the whole generation. */
    public long flops() {
        return phases.values().stream().mapToLong(cost -> cost.work().flops()).sum();
    }

    /** Most bytes of device memory at once, one phase after the other. */
    public long peakDeviceBytes() {
        return phases.values().stream().mapToLong(PhaseCost::deviceBytes).max().orElse(0);
    }

    /** Share of the whole work that is done before a phase starts, 0 to 1. */
    double doneBefore(Phase phase) {
        double before = 0;
        for (Phase earlier : Phase.values()) {
            if (earlier == phase) {
                break;
            }
            before += share(earlier);
        }
        return before;
    }

    /** Share of the whole work that is a phase's, 0 to 1. */
    double share(Phase phase) {
        return flops() == 0 ? 0 : (double) cost(phase).work().flops() / flops();
    }

    /** Plans a generation; reads small parameters of the checkpoint, no weights. */
    public static GenerationPlan of(ModelParts parts, ActivationFormats formats, ImageToVideo request) {
        int prompts = request.isGuided() ? 2 : 1;
        return of(parts, formats, request, Collections.nCopies(prompts, TextConfig.MAX_TOKENS));
    }

    /** Plans a generation whose prompts have so many tokens. */
    static GenerationPlan of(ModelParts parts, ActivationFormats formats, ImageToVideo request, List<Integer> tokens) {
        Map<Phase, PhaseCost> costs = new EnumMap<>(Phase.class);
        for (Phase phase : Phase.values()) {
            DryDevice device = new DryDevice(formats);
            WorkCurve.Recorder recorder =
                    new WorkCurve.Recorder(() -> device.work().flops());
            try (LoadedModels models = new LoadedModels(parts, device, Set.of(), Residency.ALL)) {
                new DryPhase(new Stages(models), parts, new Inputs(request, tokens), recorder).run(phase);
                costs.put(
                        phase,
                        new PhaseCost(
                                device.work(),
                                recorder.finish(),
                                device.peakInArenas(),
                                device.memory().workspace().peak()));
            }
        }
        return new GenerationPlan(costs);
    }

    /** What is asked for, and the tokens of its prompts. */
    private record Inputs(ImageToVideo request, List<Integer> tokens) {}

    /** A phase of a request on a device without data. */
    private record DryPhase(Stages stages, ModelParts parts, Inputs inputs, Tick tick) {
        private ImageToVideo request() {
            return inputs.request();
        }

        void run(Phase phase) {
            VideoSize size = request().videoSize();
            switch (phase) {
                case TEXT_ENCODING -> {
                    for (int count : inputs.tokens()) {
                        stages.text(new int[count], tick);
                    }
                }
                case IMAGE_ENCODING -> stages.image(Planes.zeros(3, ClipPreprocess.SIZE), tick);
                case LATENT_ENCODING -> stages.condition(white(size), request().frames(), tick);
                case DENOISING ->
                    stages.denoise(job(size), request().scheduler().newRun(), latents(size), tick, () -> {});
                case DECODING -> stages.decode(latents(size), request().latentFrames(), size, frame -> {}, tick);
            }
        }

        /** Not grey as the frames that follow: repeated frames are left out, and the first one is no repetition. */
        private static Planes white(VideoSize size) {
            Planes white = Planes.zeros(3, size.pixels());
            Arrays.fill(white.values(), 1f);
            return white;
        }

        private float[] latents(VideoSize size) {
            return new float[WanConfig.LATENT_CHANNELS * positions(size)];
        }

        private int positions(VideoSize size) {
            return request().latentFrames() * size.latentHeight() * size.latentWidth();
        }

        private DenoisingJob job(VideoSize size) {
            WanConfig config = parts.transformer().config();
            float[] text = new float[WanConfig.TEXT_ROWS * config.textDim()];
            return new DenoisingJob(
                    text,
                    request().isGuided() ? Optional.of(text) : Optional.empty(),
                    request().guidance(),
                    new float[VisionConfig.ROWS * config.imageDim()],
                    new float[WanConfig.CONDITION_CHANNELS * positions(size)],
                    size,
                    request().latentFrames());
        }
    }
}
