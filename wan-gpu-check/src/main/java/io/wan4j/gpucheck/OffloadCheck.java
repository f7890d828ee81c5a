package io.wan4j.gpucheck;

import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.tensor.Format;
import java.util.Locale;

/** One step within a limit of device memory: blocks that do not fit are streamed. */
record OffloadCheck(String unit) implements Check {
    private static final long LIMIT = 8_000_000_000L;
    private static final long TINY_LIMIT = 192L << 20;

    @Override
    public void run(CheckContext context) {
        boolean tiny = context.workload().size() == Workload.Size.TINY;
        long limit = tiny ? TINY_LIMIT : LIMIT;
        Format format = Format.valueOf(unit.toUpperCase(Locale.ROOT));
        String name =
                "step " + unit + ", " + context.workload().size().label() + ", within " + CheckContext.gibibytes(limit);
        DeviceOptions options =
                DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16).withMemoryLimit(limit);
        try (Target target = context.open(options)) {
            context.attempt(name, () -> {
                Row row = new StepRunner(context, target).run(name, format).with("limit", limit);
                if (target.gpu().isEmpty()) {
                    return row;
                }
                long peak = target.gpu().get().driver().peak();
                return row.with("peakBytes", peak).passedIf(peak <= limit);
            });
        }
    }
}
