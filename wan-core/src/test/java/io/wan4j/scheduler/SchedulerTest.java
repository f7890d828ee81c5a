package io.wan4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SchedulerTest {
    private static final int SIZE = 33;

    static Stream<SchedulerConfig> configs() {
        return Stream.of(
                StepDistill.fourSteps(),
                new StepDistill(List.of(1000, 400), 3, LatentPrecision.BF16),
                new FlowEuler(7, 5),
                new FlowEuler(1, 1),
                new DiffusersEuler(1, 5),
                new DiffusersEuler(6, 3),
                new UniPc(1, 5),
                new UniPc(2, 5),
                new UniPc(9, 3),
                new DpmPlusPlus(1, 5),
                new DpmPlusPlus(2, 5),
                new DpmPlusPlus(9, 3));
    }

    @ParameterizedTest
    @MethodSource("configs")
    void restoredRunGoesOnBitIdentically(SchedulerConfig config) {
        for (int pause = 0; pause <= config.stepCount(); pause++) {
            Scheduler whole = config.newRun();
            float[] expected = noise(1);
            Scheduler first = config.newRun();
            float[] latents = noise(1);
            for (int step = 0; step < config.stepCount(); step++) {
                whole.step(step, velocity(expected, whole.timestep(step)), expected);
            }
            for (int step = 0; step < pause; step++) {
                first.step(step, velocity(latents, first.timestep(step)), latents);
            }
            SchedulerState saved = first.snapshot();
            float[] savedLatents = latents.clone();
            if (pause < config.stepCount()) {
                first.step(pause, noise(2), latents);
            }
            Scheduler second = config.newRun();
            second.restore(saved);
            assertThat(second.nextStep()).isEqualTo(pause);
            for (int step = pause; step < config.stepCount(); step++) {
                second.step(step, velocity(savedLatents, second.timestep(step)), savedLatents);
            }
            assertThat(savedLatents).as("pause before step " + pause).containsExactly(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void modelThatKnowsThePictureIsFollowedToIt(SchedulerConfig config) {
        // With v = (x - x0)/sigma the model always answers the same x0, and every solver must end on it.
        float[] picture = noise(3);
        float[] latents = noise(4);
        Scheduler run = config.newRun();
        for (int step = 0; step < run.steps(); step++) {
            float[] velocity = new float[SIZE];
            for (int i = 0; i < SIZE; i++) {
                velocity[i] = (float) ((latents[i] - picture[i]) / run.sigmas()[step]);
            }
            run.step(step, velocity, latents);
        }
        boolean coarse = config instanceof StepDistill distill && distill.precision() == LatentPrecision.BF16;
        double bound = coarse ? 4 * Math.pow(2, -8) : 4e-6;
        for (int i = 0; i < SIZE; i++) {
            assertThat((double) latents[i]).isCloseTo(picture[i], org.assertj.core.api.Assertions.within(bound));
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void sigmasFallToZeroAndTimestepsFall(SchedulerConfig config) {
        Scheduler run = config.newRun();
        double[] sigmas = run.sigmas();
        assertThat(sigmas).hasSize(config.stepCount() + 1);
        assertThat(sigmas[0]).isLessThanOrEqualTo(1);
        assertThat(sigmas[config.stepCount()]).isZero();
        for (int i = 0; i < config.stepCount(); i++) {
            assertThat(sigmas[i]).isGreaterThan(sigmas[i + 1]);
            assertThat(run.timestep(i)).isBetween(0.0, 1000.0);
        }
    }

    @Test
    void stepsOutOfOrderAreRefused() {
        Scheduler run = new UniPc(2, 5).newRun();
        float[] x = noise(1);
        assertThatThrownBy(() -> run.step(1, x, x.clone()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("expected step 0, got step 1");
        run.step(0, x, x.clone());
        run.step(1, x, x.clone());
        assertThatThrownBy(() -> run.step(2, x, x.clone()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("has ended");
    }

    @Test
    void arraysOfOtherSizesAreRefused() {
        Scheduler run = new DpmPlusPlus(3, 5).newRun();
        run.step(0, new float[4], new float[4]);
        assertThatThrownBy(() -> run.step(1, new float[4], new float[5])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> run.step(1, new float[5], new float[5])).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void stateOfAnotherSchedulerIsRefused() {
        Scheduler euler = new FlowEuler(3, 5).newRun();
        euler.step(0, new float[4], new float[4]);
        Scheduler uniPc = new UniPc(3, 5).newRun();
        assertThatThrownBy(() -> uniPc.restore(euler.snapshot()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("another scheduler");
        assertThatThrownBy(() -> uniPc.restore(new SchedulerState(4, List.of())))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(uniPc.nextStep()).isZero();
    }

    static Stream<List<Integer>> wrongLists() {
        return Stream.of(List.of(), List.of(1001), List.of(0), List.of(500, 500), List.of(500, 750), List.of(3, -1));
    }

    @ParameterizedTest
    @MethodSource("wrongLists")
    void wrongStepListsAreRefused(List<Integer> points) {
        assertThatThrownBy(() -> new StepDistill(points, 5, LatentPrecision.F32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("denoising steps");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void wrongShiftsAreRefused(double shift) {
        assertThatThrownBy(() -> new UniPc(4, shift)).hasMessageContaining("shift");
        assertThatThrownBy(() -> new DpmPlusPlus(4, shift)).hasMessageContaining("shift");
        assertThatThrownBy(() -> new FlowEuler(4, shift)).hasMessageContaining("shift");
        assertThatThrownBy(() -> new DiffusersEuler(4, shift)).hasMessageContaining("shift");
        assertThatThrownBy(() -> new StepDistill(List.of(1000), shift, LatentPrecision.F32))
                .hasMessageContaining("shift");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -3, 1001})
    void wrongStepCountsAreRefused(int steps) {
        assertThatThrownBy(() -> new UniPc(steps, 5)).hasMessageContaining("steps");
        assertThatThrownBy(() -> new DpmPlusPlus(steps, 5)).hasMessageContaining("steps");
        assertThatThrownBy(() -> new FlowEuler(steps, 5)).hasMessageContaining("steps");
        assertThatThrownBy(() -> new DiffusersEuler(steps, 5)).hasMessageContaining("steps");
    }

    @Test
    void snapshotIsNotChangedByLaterSteps() {
        Scheduler run = new DpmPlusPlus(3, 5).newRun();
        run.step(0, noise(5), noise(6));
        SchedulerState saved = run.snapshot();
        float[] before = saved.history().get(0);
        run.step(1, noise(7), noise(8));
        saved.history().get(0)[0] = 99;
        assertThat(saved.history().get(0)).containsExactly(before);
    }

    private static float[] noise(long seed) {
        Random random = new Random(seed);
        float[] values = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static float[] velocity(float[] latents, double timestep) {
        float[] velocity = new float[latents.length];
        for (int i = 0; i < velocity.length; i++) {
            velocity[i] = 0.7f * latents[i] - (float) (timestep / 2000);
        }
        return velocity;
    }
}
