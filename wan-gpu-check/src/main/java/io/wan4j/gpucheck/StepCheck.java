package io.wan4j.gpucheck;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.tensor.Format;
import java.util.Locale;

/** One step of the whole transformer, its blocks recorded as graphs and not; {@code unit} is the format of the weights. */
record StepCheck(String unit) implements Check {
    /** Weights in BF16 are streamed where they do not fit, which says nothing: only where there is this much. */
    private static final long ROOM_FOR_BF16 = 44L << 30;

    @Override
    public void run(CheckContext context) {
        Format format = Format.valueOf(unit.toUpperCase(Locale.ROOT));
        String name = "step " + unit + ", " + context.workload().size().label();
        run(context, format, name, true);
        run(context, format, name + ", launched one by one", false);
    }

    /** With or without blocks recorded as graphs. */
    private static void run(CheckContext context, Format format, String name, boolean graphs) {
        DeviceOptions options =
                DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16).withGraphs(graphs);
        try (Target target = context.open(options)) {
            boolean tiny = context.workload().size() == Workload.Size.TINY;
            if (format == Format.BF16 && !tiny && target.device().memory().available() < ROOM_FOR_BF16) {
                context.add(Row.skipped(name, "needs " + CheckContext.gibibytes(ROOM_FOR_BF16)));
                return;
            }
            context.attempt(name, () -> new StepRunner(context, target).run(name, format));
        }
    }
}
