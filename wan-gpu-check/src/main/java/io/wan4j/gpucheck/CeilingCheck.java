package io.wan4j.gpucheck;

import io.wan4j.spi.Kernels;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.LinearShape;
import io.wan4j.testkit.WanShapes.Named;
import java.util.Map;

/** What the device can do at most: copies, and large square products by our kernels and by cuBLASLt. */
record CeilingCheck(String unit) implements Check {
    /** Part of the free memory that a copy uses, twice; and the most. */
    private static final int SHARE = 8;

    private static final long MOST_BYTES = 1L << 30;

    @Override
    public void run(CheckContext context) {
        try (Target target = context.open()) {
            switch (unit) {
                case "copy" -> context.attempt("ceiling copy", () -> copy(context, target));
                case "own" -> own(context, target);
                default ->
                    CublasLtCheck.run(
                            context,
                            target,
                            KernelCases.FORMATS.stream()
                                    .map(format -> square(context, format))
                                    .toList());
            }
        }
    }

    private static KernelCase square(CheckContext context, Format format) {
        int side = context.workload().kernels().square();
        KernelCase product = KernelCases.linear(new Named<>("square", new LinearShape(side, side, side)), format);
        return new KernelCase(
                "ceiling " + product.name(), product.kind(), product.amount(), product.peer(), product.setup());
    }

    private static void own(CheckContext context, Target target) {
        RandomPool pool = context.pool();
        for (Format format : KernelCases.FORMATS) {
            KernelCase product = square(context, format);
            context.attempt(
                    product.name(),
                    () -> product.measure(target, pool, context.workload().bench()));
        }
    }

    private static Row copy(CheckContext context, Target target) {
        long most = context.workload().size() == Workload.Size.TINY ? 1 << 16 : MOST_BYTES;
        long bytes = Math.min(most, target.device().memory().available() / SHARE) / 4096 * 4096;
        KernelCase copy =
                new KernelCase("ceiling copy " + bytes + " bytes", KernelCase.COPY, 2.0 * bytes, Map.of(), rig -> {
                    Tensor from = rig.normal(Format.F32, bytes / 4096, 1024);
                    Tensor to = rig.blank(Format.F32, bytes / 4096, 1024);
                    Kernels kernels = target.device().kernels();
                    return new KernelCase.Work(() -> kernels.copy(from, to), to);
                });
        return copy.measure(target, context.pool(), context.workload().bench());
    }
}
