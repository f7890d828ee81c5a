package io.wan4j.testkit.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.wan4j.error.CheckpointException;
import io.wan4j.scheduler.DiffusersEuler;
import io.wan4j.scheduler.DpmPlusPlus;
import io.wan4j.scheduler.FlowEuler;
import io.wan4j.scheduler.LatentPrecision;
import io.wan4j.scheduler.Scheduler;
import io.wan4j.scheduler.SchedulerConfig;
import io.wan4j.scheduler.StepDistill;
import io.wan4j.scheduler.UniPc;
import io.wan4j.spi.Device;
import io.wan4j.testkit.GoldenFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The schedulers against {@code scheduler/}. Host arithmetic: the device is not used. */
public final class SchedulerGoldens implements GoldenSuite {
    private static final double SIGMA_BOUND = 1e-6;
    private static final double LATENT_BOUND = 1e-5;

    @Override
    public String name() {
        return "scheduler";
    }

    @Override
    public List<GoldenResult> run(Path folder, Device device) {
        GoldenResults results = new GoldenResults(name(), device.formats().compute());
        for (JsonNode row : GoldenJson.read(folder.resolve("cases.json"))) {
            String label = row.path("file").asText();
            try (GoldenFile file = GoldenFile.open(folder.resolve(label + ".safetensors"))) {
                Scheduler run = config(row).newRun();
                compareLevels(label, file, run, results);
                compareSteps(label, file, run, results);
            }
        }
        for (double shift = 1; shift <= 12; shift++) {
            String label = "distill_table_shift" + (int) shift;
            Path table = folder.resolve(label + ".safetensors");
            if (Files.exists(table)) {
                List<Integer> all =
                        IntStream.range(0, 1000).mapToObj(j -> 1000 - j).toList();
                try (GoldenFile file = GoldenFile.open(table)) {
                    Scheduler run = new StepDistill(all, shift, LatentPrecision.F32).newRun();
                    compareLevels(label, file, run, results);
                }
            }
        }
        return results.list();
    }

    private static SchedulerConfig config(JsonNode row) {
        double shift = row.path("shift").asDouble();
        int steps = row.path("steps").asInt();
        return switch (row.path("kind").asText()) {
            case "step_distill" -> {
                List<Integer> points = new ArrayList<>();
                row.path("denoising_step_list").forEach(point -> points.add(point.asInt()));
                boolean rounded = row.path("latents").asText().equals("bf16");
                yield new StepDistill(points, shift, rounded ? LatentPrecision.BF16 : LatentPrecision.F32);
            }
            case "unipc" -> new UniPc(steps, shift);
            case "dpmpp" -> new DpmPlusPlus(steps, shift);
            case "euler_diffusers" -> new DiffusersEuler(steps, shift);
            case "euler_plain" -> new FlowEuler(steps, shift);
            default -> throw new CheckpointException("scheduler case: expected a known kind, got " + row);
        };
    }

    private static void compareLevels(String label, GoldenFile file, Scheduler run, GoldenResults results) {
        float[] sigmas = file.floats("sigmas");
        float[] timesteps = file.get("timesteps").values();
        double[] actual = run.sigmas();
        float[] actualSigmas = new float[sigmas.length];
        for (int i = 0; i < sigmas.length; i++) {
            actualSigmas[i] = (float) actual[i];
        }
        float[] actualTimesteps = new float[timesteps.length];
        for (int i = 0; i < timesteps.length; i++) {
            actualTimesteps[i] = (float) run.timestep(i);
        }
        results.compareExactly(label, "sigmas", actualSigmas, sigmas, Measure.MAX_ABS, SIGMA_BOUND);
        results.compareExactly(label, "timesteps", actualTimesteps, timesteps, Measure.MAX_ABS, 1000 * SIGMA_BOUND);
    }

    private static void compareSteps(String label, GoldenFile file, Scheduler run, GoldenResults results) {
        float[] latents = file.floats("in.noise");
        boolean given = file.has("in.flow_0");
        for (int step = 0; step < run.steps(); step++) {
            float[] velocity = given ? file.floats("in.flow_" + step) : model(file, latents, run.timestep(step));
            run.step(step, velocity, latents);
            float[] expected = file.has("out.latents")
                    ? Arrays.copyOfRange(file.floats("out.latents"), step * latents.length, (step + 1) * latents.length)
                    : file.floats("out.latents_" + step);
            results.compareExactly(label, "latents_" + step, latents.clone(), expected, Measure.MAX_REL, LATENT_BOUND);
        }
    }

    /** The model that the teacher cases were made with: {@code v = 0.8 x - 0.5 t / 1000 + c}. */
    private static float[] model(GoldenFile file, float[] latents, double timestep) {
        float[] c = file.floats("in.c");
        float[] velocity = new float[latents.length];
        for (int i = 0; i < velocity.length; i++) {
            velocity[i] = 0.8f * latents[i] - 0.5f * (float) (timestep / 1000) + c[i];
        }
        return velocity;
    }
}
