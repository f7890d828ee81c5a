package io.wan4j.gpucheck;

import io.wan4j.cuda.LibraryTable;
import io.wan4j.cuda.library.CublasLt;
import io.wan4j.cuda.library.Probed;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The products of {@link KernelCases} by cuBLASLt, where the machine has it: bare, or as whole operations of ours with the
 * library's product in them, which is what the choice between the two depends on.
 */
record CublasLtCheck(String unit) implements Check {
    /** Whole operations. */
    static final String WHOLE = "whole";

    @Override
    public void run(CheckContext context) {
        if (unit.equals(WHOLE)) {
            new LibraryCheck(
                            "cublasLt",
                            "cuBLASLt in our operation",
                            "gemm_",
                            one -> LibraryTable.Operation.valueOf(
                                    "LINEAR_" + one.kind().toUpperCase(Locale.ROOT)))
                    .run(
                            context,
                            CublasLt.find(),
                            KernelCases.Group.LINEAR.cases(context.workload().kernels()));
            return;
        }
        try (Target target = context.open()) {
            run(
                    context,
                    target,
                    KernelCases.Group.LINEAR.cases(context.workload().kernels()));
        }
    }

    static void run(CheckContext context, Target target, List<KernelCase> products) {
        Optional<CublasLt> library = find(context, target);
        if (library.isEmpty() || target.gpu().isEmpty()) {
            return;
        }
        Target.Gpu gpu = target.gpu().get();
        try (CublasLtProducts peer = new CublasLtProducts(library.get(), gpu.calls(), gpu.stream())) {
            for (KernelCase product : products) {
                context.attempt(product.name(), () -> measure(context, target, peer, product));
            }
        }
    }

    private static Optional<CublasLt> find(CheckContext context, Target target) {
        Probed<CublasLt> probed = CublasLt.find();
        if (probed.library().isEmpty() || target.gpu().isEmpty()) {
            context.add(Row.skipped("cublasLt", target.gpu().isEmpty() ? "not a CUDA device" : probed.text()));
        }
        return probed.library();
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
