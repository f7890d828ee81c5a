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

    private static final String LINEAR = "linear_";

    private static final ComputeCapability HOPPER = new ComputeCapability(9, 0);

    @Override
    public void run(CheckContext context) {
        if (unit.equals(SINGLE_WARPS)) {
            singleWarps(context);
            return;
        }
        List<KernelCase> cases = cases(context.workload().kernels());
        RandomPool pool = context.pool();
        try (Target target = context.open()) {
            for (KernelCase one : cases) {
                context.attempt(
                        one.name(),
                        () -> one.measure(target, pool, context.workload().bench()));
                target.device().memory().workspace().trim();
            }
        }
    }

    /** The units: products of each format by themselves, so that one format does not take the others with it. */
    static Stream<String> units() {
        Stream<String> linears = KernelCases.FORMATS.stream().map(format -> LINEAR + KernelCases.kind(format));
        Stream<String> others = Stream.of(
                        KernelCases.Group.ATTENTION, KernelCases.Group.ROWS, KernelCases.Group.CONVOLUTION)
                .map(KernelCases.Group::label);
        return Stream.of(linears, others, Stream.of(SINGLE_WARPS)).flatMap(some -> some);
    }

    /** Whether a unit is about the products and attentions that a step consists of. */
    static boolean first(String unit) {
        return unit.startsWith(LINEAR) || unit.startsWith("attention");
    }

    private List<KernelCase> cases(Workload.Kernels shapes) {
        if (unit.startsWith(LINEAR)) {
            String kind = unit.substring(LINEAR.length());
            return KernelCases.Group.LINEAR.cases(shapes).stream()
                    .filter(one -> one.kind().equals(kind))
                    .toList();
        }
        return KernelCases.Group.valueOf(unit.toUpperCase(Locale.ROOT)).cases(shapes);
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
