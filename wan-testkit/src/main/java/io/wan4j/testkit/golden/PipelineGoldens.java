package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.checkpoint.layout.Component;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.media.ClipPreprocess;
import io.wan4j.media.Picture;
import io.wan4j.media.Planes;
import io.wan4j.media.Resize;
import io.wan4j.media.VideoSize;
import io.wan4j.model.dit.Residency;
import io.wan4j.pipeline.DenoisingJob;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.Stages;
import io.wan4j.pipeline.Tick;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.Scheduler;
import io.wan4j.scheduler.SchedulerConfig;
import io.wan4j.scheduler.StepDistill;
import io.wan4j.scheduler.UniPc;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Format;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The whole way from picture to frames against {@code pipeline/}: the distilled run and the guided teacher, each from the
 * release's files and from their safetensors twins.
 */
public final class PipelineGoldens implements GoldenSuite {
    private static final double STAGE = 1e-4;
    private static final double LATENTS = 5e-4;
    private static final double VIDEO = 2e-3;
    private static final double LEVELS = 1;
    private static final double DIFFERING = 0.005;
    private static final int STEP_ROUNDINGS = 2 * DitGoldens.BLOCK_ROUNDINGS + 6;
    private static final int DECODER_ROUNDINGS = 60;

    @Override
    public String name() {
        return "pipeline";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        results.attempt("pictures", () -> PictureGoldens.run(folder, results));
        JsonNode parameters = GoldenJson.read(folder.resolve("pipeline.json"));
        for (Path model : GoldenSuite.folders(folder)) {
            Path dims = model.resolve("tiny_dims.json");
            if (!Files.exists(dims)) {
                continue;
            }
            JsonNode sizes = GoldenJson.read(dims);
            ModelParts.Heads heads = new ModelParts.Heads(
                    OptionalInt.of(sizes.path("dit").path("num_heads").asInt()),
                    OptionalInt.of(sizes.path("clip").path("vision_heads").asInt()));
            for (Map<Component, Path> chosen : variants(model)) {
                String label = chosen.isEmpty() ? "files" : "twins";
                results.attempt(label, () -> {
                    try (ModelFiles files = ModelFiles.open(model, chosen)) {
                        run(folder, parameters, new Setting(label, ModelParts.of(files, heads), device, results));
                    }
                });
            }
        }
    }

    private record Setting(String label, ModelParts parts, Device device, GoldenResults results) {}

    private static List<Map<Component, Path>> variants(Path model) {
        Path twins = model.resolve("safetensors_twins");
        if (!Files.isDirectory(twins)) {
            return List.of(Map.of());
        }
        Map<Component, Path> chosen = new EnumMap<>(Component.class);
        chosen.put(Component.TEXT_ENCODER, twins.resolve("models_t5_umt5-xxl-enc-bf16.safetensors"));
        chosen.put(
                Component.IMAGE_ENCODER,
                twins.resolve("models_clip_open-clip-xlm-roberta-large-vit-huge-14.safetensors"));
        chosen.put(Component.VAE, twins.resolve("Wan2.1_VAE.safetensors"));
        return List.of(Map.of(), chosen);
    }

    private static void run(Path folder, JsonNode parameters, Setting setting) {
        try (LoadedModels models =
                new LoadedModels(setting.parts(), setting.device(), EnumSet.allOf(Phase.class), Residency.ALL)) {
            Picture picture = Picture.read(folder.resolve("input.png"));
            VideoSize size =
                    VideoSize.of(picture.size(), parameters.path("max_area").asLong());
            Run run = new Run(setting, new Stages(models), picture, size);
            String label = setting.label();
            GoldenResults results = setting.results();
            results.attempt(
                    label + "/distill",
                    () -> withFile(folder.resolve("distill.safetensors"), file -> run.distilled(file, parameters)));
            results.attempt(
                    label + "/teacher",
                    () -> withFile(
                            folder.resolve("teacher_unipc_cfg.safetensors"),
                            file -> run.teacher(file, parameters.path("teacher"))));
        }
    }

    private static void withFile(Path path, Consumer<GoldenFile> action) {
        if (Files.exists(path)) {
            try (GoldenFile file = GoldenFile.open(path)) {
                action.accept(file);
            }
        }
    }

    /** One run from a picture. */
    private record Run(Setting setting, Stages stages, Picture picture, VideoSize size) {
        void distilled(GoldenFile file, JsonNode parameters) {
            String label = setting.label() + "/distill";
            if (file.has("in.rgb")) {
                float[] levels = new float[picture.rgb().length];
                for (int i = 0; i < levels.length; i++) {
                    levels[i] = picture.rgb()[i] & 0xFF;
                }
                setting.results()
                        .compareExactly(
                                label, "in.rgb", levels, file.get("in.rgb").values(), Measure.MAX_ABS, 0);
            }
            compareExactly(label, file, "mid.image", picture.toPlanes().values());
            Planes frame = Resize.BICUBIC.apply(picture, size.pixels());
            compareExactly(label, file, "mid.first_frame", frame.values());
            Planes pixels = ClipPreprocess.apply(picture);
            compareExactly(label, file, "mid.clip_preprocessed", pixels.values());
            int frames = parameters.path("frames").asInt();
            float[] image = compare(label, file, "mid.clip_fea", stages.image(pixels, Tick.NONE), 30);
            float[] text = compare(label, file, "mid.context", stages.text(ids(file, "in.ids"), Tick.NONE), 30);
            float[] condition = compare(label, file, "mid.y", stages.condition(frame, frames, Tick.NONE), 60);
            List<Integer> points = new ArrayList<>();
            parameters.path("denoising_step_list").forEach(point -> points.add(point.asInt()));
            SchedulerConfig config =
                    new StepDistill(points, parameters.path("sample_shift").asDouble(), LatentPrecision.F32);
            int latentFrames = (frames - 1) / 4 + 1;
            DenoisingJob job = new DenoisingJob(text, Optional.empty(), 1, image, condition, size, latentFrames);
            Scheduler run = config.newRun();
            levels(label, file, run);
            float[] latents = file.floats("in.noise");
            float[] before = latents.clone();
            stages.denoise(job, run, latents, Tick.NONE, () -> {
                int step = run.nextStep() - 1;
                compareLatents(label, file, "mid.flow_" + step, slope(before, latents, run.sigmas(), step), step + 1);
                compareLatents(label, file, "mid.latents_" + step, latents, step + 1);
                System.arraycopy(latents, 0, before, 0, latents.length);
            });
            compareLatents(label, file, "out.latents", latents, run.steps());
            decode(label, file, latents, latentFrames, run.steps());
        }

        /** The velocity by which an Euler step went from one noise level to the next. */
        private static float[] slope(float[] before, float[] after, double[] sigmas, int step) {
            float[] velocity = new float[before.length];
            for (int i = 0; i < velocity.length; i++) {
                velocity[i] = (float) (((double) after[i] - before[i]) / (sigmas[step + 1] - sigmas[step]));
            }
            return velocity;
        }

        private void levels(String label, GoldenFile file, Scheduler run) {
            float[] sigmas = file.floats("mid.sigmas");
            float[] timesteps = file.floats("mid.timesteps");
            float[] actualSigmas = new float[sigmas.length];
            float[] actualTimesteps = new float[timesteps.length];
            for (int i = 0; i < sigmas.length; i++) {
                actualSigmas[i] = (float) run.sigmas()[i];
                actualTimesteps[i] = (float) run.timestep(i);
            }
            compareExactly(label, file, "mid.sigmas", actualSigmas);
            compareExactly(label, file, "mid.timesteps", actualTimesteps);
        }

        void teacher(GoldenFile file, JsonNode parameters) {
            String label = setting.label() + "/teacher";
            int frames = parameters.path("frames").asInt();
            Planes frame = Resize.BICUBIC.apply(picture, size.pixels());
            float[] image =
                    compare(label, file, "mid.clip_fea", stages.image(ClipPreprocess.apply(picture), Tick.NONE), 30);
            float[] text = compare(label, file, "mid.context", stages.text(ids(file, "in.ids"), Tick.NONE), 30);
            float[] negative =
                    compare(label, file, "mid.context_null", stages.text(ids(file, "in.neg_ids"), Tick.NONE), 30);
            float[] condition = compare(label, file, "mid.y", stages.condition(frame, frames, Tick.NONE), 60);
            int latentFrames = (frames - 1) / 4 + 1;
            DenoisingJob job = new DenoisingJob(
                    text,
                    Optional.of(negative),
                    parameters.path("cfg").asDouble(),
                    image,
                    condition,
                    size,
                    latentFrames);
            Scheduler run = new UniPc(
                            parameters.path("steps").asInt(),
                            parameters.path("shift").asDouble())
                    .newRun();
            int[] timesteps = file.ints("timesteps");
            float[] told = new float[timesteps.length];
            float[] expectedTold = new float[timesteps.length];
            for (int i = 0; i < told.length; i++) {
                told[i] = (float) run.timestep(i);
                expectedTold[i] = timesteps[i];
            }
            setting.results().compareExactly(label, "timesteps", told, expectedTold, Measure.MAX_ABS, 0);
            // What both velocities make together shows in the latents; each alone cannot be had from a run.
            for (String name : List.of("mid.flow_cond", "mid.flow_uncond")) {
                if (file.has(name)) {
                    setting.results().notCovered(label + " " + name);
                }
            }
            float[] latents = file.floats("in.noise");
            float[] before = file.floats("mid.latents_before_step");
            stages.denoise(job, run, latents, Tick.NONE, () -> {
                int step = run.nextStep();
                if (step < run.steps()) {
                    float[] expected = Arrays.copyOfRange(before, step * latents.length, (step + 1) * latents.length);
                    setting.results()
                            .compare(
                                    label,
                                    "latents_before_" + step,
                                    latents.clone(),
                                    expected,
                                    latentTolerance(2 * step));
                }
            });
            decode(label, file, latents, latentFrames, 2 * run.steps());
        }

        private void decode(String label, GoldenFile file, float[] latents, int latentFrames, int passes) {
            List<Planes> frames = new ArrayList<>();
            stages.decode(latents, latentFrames, size, frames::add, Tick.NONE);
            float[] expected = file.floats("out.video");
            int pixels = size.width() * size.height();
            float[] video = new float[3 * frames.size() * pixels];
            for (int frame = 0; frame < frames.size(); frame++) {
                float[] values = frames.get(frame).values();
                for (int i = 0; i < values.length; i++) {
                    int at = (i / pixels * frames.size() + frame) * pixels + i % pixels;
                    video[at] = Math.max(-1f, Math.min(1f, values[i]));
                }
            }
            Tolerance tolerance = new Tolerance(Measure.MAX_REL, VIDEO, passes * STEP_ROUNDINGS + DECODER_ROUNDINGS);
            setting.results().compare(label, "out.video", video, expected, tolerance);
            if (file.has("out.frames_u8") && setting.device().formats().compute() == Format.F32) {
                levelsOfFrames(label, file, frames);
            }
        }

        private void levelsOfFrames(String label, GoldenFile file, List<Planes> frames) {
            float[] expected = file.get("out.frames_u8").values();
            float[] actual = new float[expected.length];
            int at = 0;
            for (Planes frame : frames) {
                for (byte level : frame.toPicture().rgb()) {
                    actual[at++] = level & 0xFF;
                }
            }
            setting.results().compareExactly(label, "out.frames_u8", actual, expected, Measure.MAX_ABS, LEVELS);
            setting.results().compareExactly(label, "out.frames_u8", actual, expected, Measure.DIFFERING, DIFFERING);
        }

        private static int[] ids(GoldenFile file, String name) {
            return IntStream.of(file.ints(name)).filter(id -> id != 0).toArray();
        }

        private void compareExactly(String label, GoldenFile file, String name, float[] actual) {
            setting.results().compareExactly(label, name, actual, file.floats(name), Measure.MAX_REL, STAGE);
        }

        private float[] compare(String label, GoldenFile file, String name, float[] actual, int roundings) {
            setting.results()
                    .compare(label, name, actual, file.floats(name), new Tolerance(Measure.MAX_REL, STAGE, roundings));
            return actual;
        }

        private void compareLatents(String label, GoldenFile file, String name, float[] actual, int passes) {
            setting.results().compare(label, name, actual.clone(), file.floats(name), latentTolerance(passes));
        }

        private static Tolerance latentTolerance(int passes) {
            return new Tolerance(Measure.MAX_REL, LATENTS, 60 + passes * STEP_ROUNDINGS);
        }
    }
}
