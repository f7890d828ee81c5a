package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.checkpoint.layout.CheckpointWeights;
import io.wan4j.checkpoint.layout.ModelFiles;
import io.wan4j.checkpoint.layout.ModelPart;
import io.wan4j.media.VideoSize;
import io.wan4j.model.dit.Residency;
import io.wan4j.model.dit.WanTransformer;
import io.wan4j.pipeline.DenoisingJob;
import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.ModelParts;
import io.wan4j.pipeline.Stages;
import io.wan4j.pipeline.Tick;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.Scheduler;
import io.wan4j.scheduler.StepDistill;
import io.wan4j.spi.Device;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.WeightSource;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The tiny transformer in each quantised release: one forward pass with intermediates, and four steps. */
record QuantTransformer(GoldenFile file, ModelParts parts, StepDistill schedule, Device device, GoldenResults results) {
    private static final double STRICT = 1e-4;
    private static final int STEP_ROUNDINGS = 2 * DitGoldens.BLOCK_ROUNDINGS + 6;

    /**
     * One release in one mode.
     *
     * @param tag prefix of its golden tensors
     * @param mode what happens to activations
     * @param forward relative L2 that a forward pass with 8-bit activations may have
     * @param steps relative L2 that four steps may have
     */
    private record Case(String tag, ActivationMode mode, double forward, double steps) {
        String label() {
            return tag + (mode == ActivationMode.DYNAMIC_8BIT ? ".w8a8" : ".w8a16");
        }

        private double codeStep() {
            return tag.startsWith("int8") ? Tolerance.I8_STEP : Tolerance.E4M3_STEP;
        }

        Tolerance tolerance(double bound, int roundings) {
            return mode == ActivationMode.DYNAMIC_8BIT
                    ? new Tolerance(Measure.REL_L2, bound, roundings, codeStep())
                    : new Tolerance(Measure.MAX_REL, STRICT, roundings);
        }
    }

    private static final List<Case> CASES = List.of(
            new Case("fp8", ActivationMode.DYNAMIC_8BIT, 5e-3, 3e-2),
            new Case("fp8", ActivationMode.UNQUANTISED, 0, 0),
            new Case("int8", ActivationMode.DYNAMIC_8BIT, 3e-3, 1e-2),
            new Case("int8", ActivationMode.UNQUANTISED, 0, 0),
            new Case("fp8_comfy", ActivationMode.UNQUANTISED, 0, 0));

    static void run(Path folder, Path pipeline, Device device, GoldenResults results) {
        Path model = pipeline.resolve("Wan2.1-I2V-tiny");
        JsonNode sizes = GoldenJson.read(model.resolve("tiny_dims.json"));
        ModelParts.Heads heads = new ModelParts.Heads(
                OptionalInt.of(sizes.path("dit").path("num_heads").asInt()),
                OptionalInt.of(sizes.path("clip").path("vision_heads").asInt()));
        try (ModelFiles files = ModelFiles.open(model);
                GoldenFile golden = GoldenFile.open(folder.resolve("dit_quant.safetensors"))) {
            QuantTransformer all =
                    new QuantTransformer(golden, ModelParts.of(files, heads), schedule(pipeline), device, results);
            for (Case one : CASES) {
                if (!golden.names(one.label()).isEmpty()) {
                    results.attempt(one.label(), () -> all.run(one, folder));
                }
            }
        }
    }

    private static StepDistill schedule(Path pipeline) {
        JsonNode parameters = GoldenJson.read(pipeline.resolve("pipeline.json"));
        List<Integer> points = new ArrayList<>();
        parameters.path("denoising_step_list").forEach(point -> points.add(point.asInt()));
        return new StepDistill(points, parameters.path("sample_shift").asDouble(), LatentPrecision.F32);
    }

    private void run(Case one, Path folder) {
        Path release = folder.resolve(one.tag().equals("fp8") ? "distill_fp8" : one.tag());
        try (ModelPart part = ModelPart.open(release)) {
            CheckpointWeights weights = part.weights().withActivations(one.mode());
            forward(one, weights);
            weights.verifyAllRead(name -> false);
            denoise(one, weights);
        }
    }

    private void forward(Case one, WeightSource weights) {
        ProbeDevice probe = new ProbeDevice(device);
        try (WanTransformer transformer =
                WanTransformer.load(parts.transformer().config(), weights, probe, Residency.ALL)) {
            float[] out =
                    new ForwardCase(file, "in.noise", "mid.y", "mid.context", "mid.clip_fea").run(transformer, probe);
            compare(one, "mid.block0.self_attn", probe.output("blocks.0.self_attn.o"), 6);
            compare(one, "mid.block0.ffn", probe.output("blocks.0.ffn.2"), DitGoldens.BLOCK_ROUNDINGS);
            compare(one, "mid.block0.out", probe.target("blocks.0.ffn.2"), DitGoldens.BLOCK_ROUNDINGS);
            compare(one, "out", out, STEP_ROUNDINGS);
        }
    }

    private void compare(Case one, String tensor, float[] actual, int roundings) {
        String name = one.label() + "." + tensor;
        results.compare(one.label(), name, actual, file.floats(name), one.tolerance(one.forward(), roundings));
    }

    private void denoise(Case one, WeightSource weights) {
        Shape grid = file.shape("in.noise");
        DenoisingJob job = new DenoisingJob(
                file.floats("mid.context"),
                Optional.empty(),
                1,
                file.floats("mid.clip_fea"),
                file.floats("mid.y"),
                new VideoSize(Math.toIntExact(8 * grid.dim(3)), Math.toIntExact(8 * grid.dim(2))),
                Math.toIntExact(grid.dim(1)));
        float[] latents = file.floats("in.noise");
        Scheduler run = schedule.newRun();
        try (LoadedModels models = new LoadedModels(parts.withTransformer(weights), device, Set.of(), Residency.ALL)) {
            new Stages(models).denoise(job, run, latents, Tick.NONE, () -> {
                String name = one.label() + ".latents_" + (run.nextStep() - 1);
                Tolerance tolerance = one.tolerance(one.steps(), run.nextStep() * STEP_ROUNDINGS);
                results.compare(one.label(), name, latents.clone(), file.floats(name), tolerance);
            });
        }
    }
}
