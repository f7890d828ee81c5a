package io.wan4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.wan4j.checkpoint.Goldens;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sigmas within 1e-6, latents within 1e-5 max-rel of the reference: the tolerances of the goldens. */
final class SchedulerGoldenTest {
    private static final double SIGMA_BOUND = 1e-6;
    private static final double LATENT_BOUND = 1e-5;

    static Stream<JsonNode> cases() throws IOException {
        JsonNode list =
                new ObjectMapper().readTree(Goldens.path("scheduler/cases.json").toFile());
        List<JsonNode> cases = new ArrayList<>();
        list.forEach(cases::add);
        assertThat(cases).hasSizeGreaterThanOrEqualTo(25);
        return cases.stream();
    }

    static SchedulerConfig config(JsonNode row) {
        double shift = row.get("shift").asDouble();
        int steps = row.path("steps").asInt();
        return switch (row.get("kind").asText()) {
            case "step_distill" -> {
                List<Integer> points = new ArrayList<>();
                row.get("denoising_step_list").forEach(point -> points.add(point.asInt()));
                boolean bf16 = row.get("latents").asText().equals("bf16");
                yield new StepDistill(points, shift, bf16 ? LatentPrecision.BF16 : LatentPrecision.F32);
            }
            case "unipc" -> new UniPc(steps, shift);
            case "dpmpp" -> new DpmPlusPlus(steps, shift);
            case "euler_diffusers" -> new DiffusersEuler(steps, shift);
            case "euler_plain" -> new FlowEuler(steps, shift);
            default -> throw new AssertionError("unknown kind in " + row);
        };
    }

    @ParameterizedTest
    @MethodSource("cases")
    void schedulerGivesTheReferencesLatents(JsonNode row) {
        String name = row.get("file").asText();
        Scheduler run = config(row).newRun();
        try (SafetensorsFile file = SafetensorsFile.open(Goldens.path("scheduler/" + name + ".safetensors"))) {
            checkLevels(run, floats(file, "sigmas"), floats(file, "timesteps"));
            float[] latents = floats(file, "in.noise");
            boolean given = file.names().contains("in.flow_0");
            for (int step = 0; step < run.steps(); step++) {
                float[] velocity = given ? floats(file, "in.flow_" + step) : model(file, latents, run.timestep(step));
                run.step(step, velocity, latents);
                assertThat(maxRelative(latents, expected(file, step, latents.length)))
                        .as(name + " step " + step)
                        .isLessThanOrEqualTo(LATENT_BOUND);
            }
        }
    }

    /** The model that the teacher cases were made with. */
    private static float[] model(SafetensorsFile file, float[] latents, double timestep) {
        float[] c = floats(file, "in.c");
        float[] velocity = new float[latents.length];
        for (int i = 0; i < velocity.length; i++) {
            velocity[i] = 0.8f * latents[i] - 0.5f * (float) (timestep / 1000) + c[i];
        }
        return velocity;
    }

    private static float[] expected(SafetensorsFile file, int step, int size) {
        if (file.names().contains("out.latents")) {
            return Arrays.copyOfRange(floats(file, "out.latents"), step * size, (step + 1) * size);
        }
        return floats(file, "out.latents_" + step);
    }

    private static void checkLevels(Scheduler run, float[] sigmas, float[] timesteps) {
        assertThat(timesteps).hasSize(run.steps());
        assertThat(run.sigmas()).hasSize(run.steps() + 1).endsWith(0.0);
        for (int i = 0; i < sigmas.length; i++) {
            assertThat(run.sigmas()[i]).as("sigma " + i).isCloseTo(sigmas[i], within(SIGMA_BOUND));
        }
        for (int i = 0; i < timesteps.length; i++) {
            assertThat(run.timestep(i)).as("timestep " + i).isCloseTo(timesteps[i], within(1000 * SIGMA_BOUND));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 5})
    void everyPossibleDistilledStepHasTheReferencesSigma(int shift) {
        List<Integer> all = IntStream.range(0, 1000).mapToObj(j -> 1000 - j).toList();
        Scheduler run = new StepDistill(all, shift, LatentPrecision.F32).newRun();
        String name = "scheduler/distill_table_shift" + shift + ".safetensors";
        try (SafetensorsFile file = SafetensorsFile.open(Goldens.path(name))) {
            checkLevels(run, floats(file, "sigmas"), floats(file, "timesteps"));
        }
    }

    @Test
    void teacherPipelinesLatentsFollowFromItsVelocities() {
        try (SafetensorsFile file = SafetensorsFile.open(Goldens.path("pipeline/teacher_unipc_cfg.safetensors"))) {
            float guidance = 5;
            Scheduler run = new UniPc(6, 3).newRun();
            float[] latents = floats(file, "in.noise");
            float[] before = floats(file, "mid.latents_before_step");
            float[] with = floats(file, "mid.flow_cond");
            float[] without = floats(file, "mid.flow_uncond");
            for (int step = 0; step < run.steps(); step++) {
                int from = step * latents.length;
                assertThat(maxRelative(latents, Arrays.copyOfRange(before, from, from + latents.length)))
                        .as("before step " + step)
                        .isLessThanOrEqualTo(LATENT_BOUND);
                float[] velocity = new float[latents.length];
                for (int i = 0; i < velocity.length; i++) {
                    velocity[i] = without[from + i] + guidance * (with[from + i] - without[from + i]);
                }
                run.step(step, velocity, latents);
            }
        }
    }

    private static float[] floats(SafetensorsFile file, String name) {
        return file.find(name).orElseThrow().toFloats();
    }

    private static org.assertj.core.data.Offset<Double> within(double bound) {
        return org.assertj.core.api.Assertions.within(bound);
    }

    private static double maxRelative(float[] got, float[] expected) {
        assertThat(got).hasSameSizeAs(expected);
        double worst = 0;
        double largest = 0;
        for (int i = 0; i < got.length; i++) {
            worst = Math.max(worst, Math.abs((double) got[i] - expected[i]));
            largest = Math.max(largest, Math.abs((double) expected[i]));
        }
        return worst / largest;
    }
}
