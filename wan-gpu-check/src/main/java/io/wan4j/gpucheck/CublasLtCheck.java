package io.wan4j.gpucheck;

import java.util.List;
import java.util.Optional;

/** The products of {@link KernelCases} by cuBLASLt, where the machine has it. */
final class CublasLtCheck implements Check {
    @Override
    public void run(CheckContext context) {
        try (Target target = context.open()) {
            run(
                    context,
                    target,
                    KernelCases.Group.LINEAR.cases(context.workload().kernels()));
        }
    }

    static void run(CheckContext context, Target target, List<KernelCase> products) {
        Optional<CublasLt> library = CublasLt.find();
        if (library.isEmpty() || target.gpu().isEmpty()) {
            context.add(Row.skipped("cublasLt", library.isEmpty() ? "not installed" : "not a CUDA device"));
            return;
        }
        Target.Gpu gpu = target.gpu().get();
        try (CublasLtProducts peer = new CublasLtProducts(library.get(), gpu.calls(), gpu.stream())) {
            for (KernelCase product : products) {
                context.attempt(product.name(), () -> measure(context, target, peer, product));
            }
        }
    }

    private static Row measure(CheckContext context, Target target, CublasLtProducts peer, KernelCase product) {
        try (CublasLtProducts.Product work = peer.product(product)) {
            Timing timing = context.workload().bench().measure(target.stopwatch(), work::run);
            return KernelCase.rate(
                    timing.row(product.name()).with("peer", "cuBLASLt, " + work.scaling()),
                    product.kind(),
                    product.amount(),
                    timing.median());
        }
    }
}
