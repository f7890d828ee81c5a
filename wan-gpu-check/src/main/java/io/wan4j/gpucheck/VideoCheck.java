package io.wan4j.gpucheck;

import io.wan4j.pipeline.LoadedModels;
import io.wan4j.pipeline.Phase;
import io.wan4j.pipeline.PhaseCost;
import io.wan4j.pipeline.Placement;
import io.wan4j.tensor.Format;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * All phases of a video of four steps with random weights, each network loaded when its turn comes. Every phase has input
 * of its own: one that fails does not stop the others.
 */
record VideoCheck(String unit) implements Check {
    /** A phase that took less is run once more, with kernels that are loaded and memory that is there. */
    private static final double SHORT_SECONDS = 30;

    /**
     * Seconds of a phase.
     *
     * @param loaded for loading its network
     * @param first of its first run
     * @param warm of its second run, or of the first where there was no other
     */
    private record Clock(double loaded, double first, double warm) {}

    @Override
    public void run(CheckContext context) {
        Format format = Format.valueOf(unit.toUpperCase(Locale.ROOT));
        RandomModel model = RandomModel.of(context.workload(), format, context.pool());
        String name = "video " + unit + ", " + context.workload().size().label();
        Map<Phase, Clock> clocks = new EnumMap<>(Phase.class);
        try (Target target = context.open()) {
            Map<Phase, PhaseCost> costs = model.costs(target.device().formats());
            Placement placement = Placement.of(costs, model.parts(), StepRunner.room(target));
            try (LoadedModels models = new LoadedModels(model.parts(), target.device(), placement)) {
                for (Phase phase : Phase.values()) {
                    context.attempt(name + ": " + phase.label(), () -> {
                        Clock clock = time(target, model, models, phase);
                        clocks.put(phase, clock);
                        return row(name + ": " + phase.label(), clock, work(costs, phase));
                    });
                }
            }
            context.attempt(name, () -> total(name, model, clocks));
        }
    }

    private static Clock time(Target target, RandomModel model, LoadedModels models, Phase phase) {
        Runnable work = () -> model.run(phase, models, RandomModel.FOUR_STEPS);
        double loaded = seconds(target, () -> models.load(phase));
        double first = seconds(target, work);
        double warm = first < SHORT_SECONDS ? seconds(target, work) : first;
        models.finished(phase);
        target.device().memory().workspace().trim();
        return new Clock(loaded, first, warm);
    }

    private static Row row(String name, Clock clock, double operations) {
        Row row = Row.ok(name)
                .with("seconds", Timing.round(clock.warm()))
                .with("firstSeconds", Timing.round(clock.first()))
                .with("loadSeconds", Timing.round(clock.loaded()));
        return KernelCase.rate(row, "phase", operations, clock.warm() * 1e3);
    }

    private static Row total(String name, RandomModel model, Map<Phase, Clock> clocks) {
        if (clocks.size() < Phase.values().length) {
            return Row.skipped(name, "not all phases were measured in one go");
        }
        double warm = clocks.values().stream().mapToDouble(Clock::warm).sum();
        double first = clocks.values().stream().mapToDouble(Clock::first).sum();
        double loaded = clocks.values().stream().mapToDouble(Clock::loaded).sum();
        return Row.ok(name)
                .with("seconds", Timing.round(warm))
                .with("firstSeconds", Timing.round(first))
                .with("loadSeconds", Timing.round(loaded))
                .with("frames", model.clip().frames())
                .with("size", model.clip().size().toString());
    }

    private static double work(Map<Phase, PhaseCost> costs, Phase phase) {
        PhaseCost cost = costs.get(phase);
        return cost == null ? 0 : (double) cost.work().flops();
    }

    private static double seconds(Target target, Runnable work) {
        return new WallStopwatch(target.device()).millis(work) / 1e3;
    }
}
