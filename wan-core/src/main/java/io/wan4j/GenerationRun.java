package io.wan4j;

import io.wan4j.error.DeviceException;
import io.wan4j.media.ClipPreprocess;
import io.wan4j.media.Picture;
import io.wan4j.media.Resize;
import io.wan4j.media.VideoSize;
import io.wan4j.model.dit.WanConfig;
import io.wan4j.pipeline.DenoisingJob;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.Stages;
import io.wan4j.pipeline.Tick;
import io.wan4j.random.TorchCpuGenerator;
import io.wan4j.scheduler.Scheduler;
import io.wan4j.spi.Memory;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/** One generation: the phases in order, measured, kept in a store, told to a listener. */
final class GenerationRun {
    private final LoadedModels models;
    private final Stages stages;
    private final GenerationPlan plan;
    private final ProgressMeter meter;
    private final StageStore store;
    private final HeldMemory.Meter held;
    private final Map<Phase, PhaseReport> reports = new EnumMap<>(Phase.class);

    GenerationRun(LoadedModels models, GenerationPlan plan, ProgressMeter meter, StageStore store) {
        this.models = models;
        this.stages = new Stages(models);
        this.plan = plan;
        this.meter = meter;
        this.store = store;
        this.held = new HeldMemory.Meter(models.device().memory());
    }

    /** Token ids of a request's prompts; the negative one only with guidance. */
    record Prompts(int[] positive, Optional<int[]> negative) {
        /** Number of tokens of each. */
        List<Integer> tokens() {
            return Stream.concat(Stream.of(positive), negative.stream())
                    .map(ids -> ids.length)
                    .toList();
        }
    }

    /** A part of a phase's planned work. */
    private record Part(Phase phase, long part, long whole) {
        static Part all(Phase phase) {
            return new Part(phase, 1, 1);
        }
    }

    /** Runs all phases; gives every frame to {@code frames} as soon as it is decoded. */
    GenerationReport run(ImageToVideo request, Prompts prompts, List<String> warnings, Consumer<Picture> frames) {
        VideoSize size = request.videoSize();
        float[] text = text("text", prompts.positive(), prompts);
        Optional<float[]> negative = prompts.negative().map(ids -> text("negative_text", ids, prompts));
        finished(Phase.TEXT_ENCODING);
        float[] image = kept(
                Part.all(Phase.IMAGE_ENCODING),
                "image",
                tick -> stages.image(ClipPreprocess.apply(request.picture()), tick));
        finished(Phase.IMAGE_ENCODING);
        float[] condition = kept(
                Part.all(Phase.LATENT_ENCODING),
                "condition",
                tick -> stages.condition(
                        Resize.BICUBIC.apply(request.picture(), size.pixels()), request.frames(), tick));
        finished(Phase.LATENT_ENCODING);
        float[] latents = denoise(
                request,
                new DenoisingJob(text, negative, request.guidance(), image, condition, size, request.latentFrames()));
        measured(Part.all(Phase.DECODING), tick -> {
            stages.decode(latents, request.latentFrames(), size, frame -> frames.accept(frame.toPicture()), tick);
            return latents;
        });
        finished(Phase.DECODING);
        meter.finished();
        List<String> all =
                Stream.concat(warnings.stream(), models.takeWarnings().stream()).toList();
        return new GenerationReport(models.device().name(), List.copyOf(reports.values()), all, ResidentMemory.peak());
    }

    private float[] text(String key, int[] ids, Prompts prompts) {
        int all = prompts.tokens().stream().mapToInt(Integer::intValue).sum();
        return kept(new Part(Phase.TEXT_ENCODING, ids.length, all), key, tick -> stages.text(ids, tick));
    }

    private float[] denoise(ImageToVideo request, DenoisingJob job) {
        Scheduler run = request.scheduler().newRun();
        Optional<StageStore.SavedSteps> saved = store.steps();
        saved.ifPresent(steps -> run.restore(steps.scheduler()));
        float[] latents = saved.map(StageStore.SavedSteps::latents).orElseGet(() -> noise(request));
        if (run.nextStep() < run.steps()) {
            Part rest = new Part(Phase.DENOISING, run.steps() - run.nextStep(), run.steps());
            measured(rest, tick -> {
                stages.denoise(
                        job, run, latents, tick, () -> store.save(new StageStore.SavedSteps(latents, run.snapshot())));
                return latents;
            });
        }
        finished(Phase.DENOISING);
        requireFinite(latents);
        return latents;
    }

    /** Decoded, numbers out of range would be a black video without a word of why. */
    private static void requireFinite(float[] latents) {
        for (int i = 0; i < latents.length; i++) {
            if (!Float.isFinite(latents[i])) {
                throw new DeviceException("denoising: expected finite latents, got " + latents[i] + " at " + i
                        + "; the model or its scales are damaged, or the activations overflow: try precision F32");
            }
        }
    }

    private static float[] noise(ImageToVideo request) {
        VideoSize size = request.videoSize();
        float[] noise = new float
                [WanConfig.LATENT_CHANNELS * request.latentFrames() * size.latentHeight() * size.latentWidth()];
        new TorchCpuGenerator(request.seed()).randn(noise);
        return noise;
    }

    private void finished(Phase phase) {
        if (models.finished(phase)) {
            held.trimmed();
        }
    }

    private float[] kept(Part part, String key, Function<Tick, float[]> work) {
        return store.get(key, () -> measured(part, work));
    }

    private float[] measured(Part part, Function<Tick, float[]> work) {
        Phase phase = part.phase();
        meter.check();
        Memory memory = models.device().memory();
        memory.workspace().resetPeak();
        long start = System.nanoTime();
        models.load(phase);
        long loaded = System.nanoTime();
        float[] result = work.apply(meter.in(phase));
        models.device().synchronize();
        long end = System.nanoTime();
        PhaseReport report = new PhaseReport(
                phase,
                Duration.ofNanos(end - start),
                Duration.ofNanos(loaded - start),
                plan.cost(phase).work().share(part.part(), part.whole()),
                memory.inArenas(),
                memory.workspace().peak(),
                held.read());
        reports.merge(phase, report, PhaseReport::and);
        return result;
    }
}
