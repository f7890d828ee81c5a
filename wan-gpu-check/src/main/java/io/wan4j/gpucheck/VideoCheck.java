package io.wan4j.gpucheck;

import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.PhaseCost;
import io.wan4j.pipeline.Placement;
import io.wan4j.tensor.Format;
import java.util.Locale;
import java.util.Map;

/** All phases of a video of four steps with random weights, each network loaded when its turn comes. */
record VideoCheck(String unit) implements Check {
    @Override
    public void run(CheckContext context) {
        Format format = Format.valueOf(unit.toUpperCase(Locale.ROOT));
        RandomModel model = RandomModel.of(context.workload(), format, context.pool());
        try (Target target = context.open()) {
            Map<Phase, PhaseCost> costs = model.costs(target.device().formats());
            Placement placement = Placement.of(costs, model.parts(), StepRunner.room(target));
            double loading = 0;
            double working = 0;
            try (LoadedModels models =
                    new LoadedModels(model.parts(), target.device(), placement.kept(), placement.residency())) {
                for (Phase phase : Phase.values()) {
                    double loaded = seconds(target, () -> models.load(phase));
                    double worked = seconds(target, () -> model.run(phase, models, RandomModel.FOUR_STEPS));
                    models.finished(phase);
                    target.device().memory().workspace().trim();
                    loading += loaded;
                    working += worked;
                    context.add(phase(context, phase, worked, work(costs, phase))
                            .with("loadSeconds", Timing.round(loaded)));
                }
            }
            context.add(
                    Row.ok("video " + unit + ", " + context.workload().size().label())
                            .with("seconds", Timing.round(working))
                            .with("loadSeconds", Timing.round(loading))
                            .with("frames", model.clip().frames())
                            .with("size", model.clip().size().toString()));
        }
    }

    private Row phase(CheckContext context, Phase phase, double seconds, double operations) {
        Row row = Row.ok("video " + unit + ", " + context.workload().size().label() + ": " + phase.label())
                .with("seconds", Timing.round(seconds));
        return KernelCase.rate(row, "phase", operations, seconds * 1e3);
    }

    private static double work(Map<Phase, PhaseCost> costs, Phase phase) {
        PhaseCost cost = costs.get(phase);
        return cost == null ? 0 : (double) cost.work().flops();
    }

    private static double seconds(Target target, Runnable work) {
        return new WallStopwatch(target.device()).millis(work) / 1e3;
    }
}
