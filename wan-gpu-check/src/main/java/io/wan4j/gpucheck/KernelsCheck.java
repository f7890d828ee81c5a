package io.wan4j.gpucheck;

import io.wan4j.cuda.ProductKernels;
import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Measures one group of kernels; products and attention also on single warps, where the device has others. */
record KernelsCheck(String unit) implements Check {
    /** Products and attention by {@code mma.sync} where others are the first choice. */
    static final String SINGLE_WARPS = "single_warps";

    private static final ComputeCapability HOPPER = new ComputeCapability(9, 0);

    @Override
    public void run(CheckContext context) {
        if (unit.equals(SINGLE_WARPS)) {
            singleWarps(context);
            return;
        }
        KernelCases.Group group = KernelCases.Group.valueOf(unit.toUpperCase(Locale.ROOT));
        RandomPool pool = context.pool();
        try (Target target = context.open()) {
            for (KernelCase one : group.cases(context.workload().kernels())) {
                context.attempt(
                        one.name(),
                        () -> one.measure(target, pool, context.workload().bench()));
                target.device().memory().workspace().trim();
            }
        }
    }

    private static void singleWarps(CheckContext context) {
        RandomPool pool = context.pool();
        DeviceOptions options = DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);
        try (Target target = context.open(options, ProductKernels.WARPS)) {
            if (target.gpu()
                    .filter(gpu -> gpu.info().capability().equals(HOPPER))
                    .isEmpty()) {
                context.add(Row.skipped(SINGLE_WARPS, "all kernels of this device are on single warps"));
                return;
            }
            List<KernelCase> cases = Stream.of(KernelCases.Group.LINEAR, KernelCases.Group.ATTENTION)
                    .flatMap(group -> group.cases(context.workload().kernels()).stream())
                    .toList();
            for (KernelCase one : cases) {
                KernelCase plain = one.named(one.name() + ", mma.sync");
                context.attempt(
                        plain.name(),
                        () -> plain.measure(target, pool, context.workload().bench())
                                .with(Comparisons.LIKE, one.name()));
            }
        }
    }
}
