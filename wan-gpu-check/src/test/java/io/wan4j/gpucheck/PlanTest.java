package io.wan4j.gpucheck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTest {
    private final List<Plan.Stage> stages = Plan.of(List.of(Part.values()));

    @Test
    void everyUnitRunsOnce() {
        List<String> planned = stages.stream()
                .flatMap(stage -> stage.steps().stream())
                .map(step -> step.part() + " " + step.unit())
                .toList();
        List<String> all = Arrays.stream(Part.values())
                .flatMap(part -> part.units().stream().map(unit -> part + " " + unit))
                .toList();
        assertThat(planned).containsExactlyInAnyOrderElementsOf(all);
    }

    @Test
    void theDoctorIsAloneAndFirst() {
        assertThat(stages.get(0).steps()).containsExactly(new Plan.Step(Part.DOCTOR, "devices"));
    }

    @Test
    void whatIsTimedRunsAlone() {
        assertThat(stages)
                .filteredOn(Plan.Stage::sideBySide)
                .flatExtracting(Plan.Stage::steps)
                .extracting(Plan.Step::part)
                .containsOnly(Part.CONTRACT, Part.GOLDENS);
    }

    @Test
    void correctnessThenKernelsThenStepsThenVideosThenPeersComeFirst() {
        List<String> order = stages.stream()
                .flatMap(stage -> stage.steps().stream())
                .map(step -> step.part() + " " + step.unit())
                .toList();
        assertThat(order)
                .containsSubsequence(
                        "CONTRACT bf16:linear",
                        "GOLDENS bf16:pipeline",
                        "CEILING own",
                        "KERNELS linear_i8",
                        "STEP i8",
                        "VIDEO i8",
                        "TORCH python3",
                        "OFFLOAD i8",
                        "KERNELS convolution",
                        "STEP bf16",
                        "CONTRACT f32:linear");
    }
}
