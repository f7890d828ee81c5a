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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The schedulers against {@code scheduler/}. Host arithmetic: the device is not used. */
public final class SchedulerGoldens implements GoldenSuite {
    private static final double SIGMA_BOUND = 1e-6;
    private static final double LATENT_BOUND = 1e-5;

    private static final Set<String> KINDS = Set.of("step_distill", "unipc", "dpmpp", "euler_diffusers", "euler_plain");
    private static final Set<String> PARAMETERS =
            Set.of("file", "kind", "denoising_step_list", "shift", "latents", "steps");
    private static final Pattern TABLE = Pattern.compile("distill_table_shift([0-9.]+)");

    @Override
    public String name() {
        return "scheduler";
    }

    @Override
    public void run(Path folder, Device device, GoldenResults results) {
        Set<String> known = new HashSet<>();
        for (JsonNode row : GoldenJson.read(folder.resolve("cases.json"))) {
            String label = row.path("file").asText();
            known.add(label);
            if (!KINDS.contains(row.path("kind").asText()) || !onlyKnownParameters(row)) {
                results.notCovered(label);
                continue;
            }
            results.attempt(label, () -> {
                try (GoldenFile file = GoldenFile.open(folder.resolve(label + ".safetensors"))) {
                    Scheduler run = config(row).newRun();
                    compareLevels(label, file, run, results);
                    compareSteps(label, file, run, results);
                }
            });
        }
        for (String label : GoldenSuite.files(folder, ".safetensors")) {
            Matcher table = TABLE.matcher(label);
            if (table.matches()) {
                known.add(label);
                double shift = Double.parseDouble(table.group(1));
                results.attempt(label, () -> table(folder, label, shift, results));
            }
        }
        results.leftOver(folder, ".safetensors", known, "");
    }

    /** A parameter that this suite does not know could change what is expected, for example another order. */
    private static boolean onlyKnownParameters(JsonNode row) {
        boolean known = true;
        for (Map.Entry<String, JsonNode> entry : row.properties()) {
            known &= PARAMETERS.contains(entry.getKey());
        }
        return known && Set.of("", "fp32", "bf16").contains(row.path("latents").asText());
    }

    private static void table(Path folder, String label, double shift, GoldenResults results) {
        try (GoldenFile file = GoldenFile.open(folder.resolve(label + ".safetensors"))) {
            List<Integer> all = IntStream.range(0, 1000).mapToObj(j -> 1000 - j).toList();
            compareLevels(label, file, new StepDistill(all, shift, LatentPrecision.F32).newRun(), results);
        }
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
        for (int i = 0; i < Math.min(sigmas.length, actual.length); i++) {
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
