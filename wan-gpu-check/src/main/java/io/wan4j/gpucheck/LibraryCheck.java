package io.wan4j.gpucheck;

import io.wan4j.cuda.CudaSettings;
import io.wan4j.cuda.LibraryTable;
import io.wan4j.cuda.library.Probed;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Whole operations of ours with a library's part in them, as the backend would use them: how fast, and how far their
 * results are from ours.
 *
 * @param label of rows that say why there are none
 * @param peer name of the library in rows
 * @param ownKernel start of the names of our kernels in whose place the library comes
 * @param operation of a case in the table of measurements
 */
record LibraryCheck(
        String label, String peer, String ownKernel, Function<KernelCase, LibraryTable.Operation> operation) {
    /** Key of the operation in rows. */
    static final String OPERATION = "libraryOperation";

    /** Key of the size in rows. */
    static final String SIZE = "librarySize";

    /**
     * Bound of the relative L2 difference: both sides round the result to BF16, and attention its weights, each by at
     * most 2^-9 of a value; sums in F32 are finer than that by far.
     */
    static final double BOUND = 4 * 0x1p-9;

    private static final DeviceOptions OPTIONS = DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);

    void run(CheckContext context, Probed<?> probed, List<KernelCase> cases) {
        if (probed.library().isEmpty()) {
            context.add(Row.skipped(label, probed.text()));
            return;
        }
        RandomPool pool = context.pool();
        Map<String, float[]> own = new HashMap<>();
        try (Target target = open(context, CudaSettings.Libraries.OFF)) {
            if (target.gpu().isEmpty()) {
                context.add(Row.skipped(label, "not a CUDA device"));
                return;
            }
            for (KernelCase one : cases) {
                own.put(one.name(), one.sample(target.device(), pool));
                target.device().memory().workspace().trim();
            }
        }
        try (Target target = open(context, CudaSettings.Libraries.ON)) {
            for (KernelCase one : cases) {
                context.attempt(
                        one.name(), () -> measure(context, target, one, own.getOrDefault(one.name(), new float[0])));
                target.device().memory().workspace().trim();
            }
        }
    }

    private static Target open(CheckContext context, CudaSettings.Libraries use) {
        return context.open(OPTIONS, CudaSettings.DEFAULT.withLibraries(use));
    }

    private Row measure(CheckContext context, Target target, KernelCase one, float[] own) {
        WatchedDriver driver = target.gpu().orElseThrow().driver();
        RandomPool pool = context.pool();
        driver.forgetKernels();
        float[] theirs = one.sample(target.device(), pool);
        if (driver.started(ownKernel)) {
            return Row.skipped(one.name(), "the library does not offer it");
        }
        Row row = one.measure(target, pool, context.workload().bench());
        return compared(row, own, theirs)
                .with("peer", peer)
                .with(OPERATION, operation.apply(one).label())
                .with(SIZE, LibraryTable.Size.of(one.amount()).label());
    }

    /** The row with the difference to our results; failed if that is beyond the bound. */
    static Row compared(Row row, float[] own, float[] theirs) {
        double error = Difference.relativeL2(own, theirs);
        return row.with("relL2", Timing.round(error))
                .with("bound", Timing.round(BOUND))
                .passedIf(error <= BOUND);
    }
}
