package io.wan4j.gpucheck;

import io.wan4j.cuda.CudaSettings;
import io.wan4j.cuda.library.Probed;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import java.util.List;

/**
 * Whole operations of ours with a library's part in them, as the backend would use them.
 *
 * @param label of rows that say why there are none
 * @param peer name of the library in rows
 * @param ownKernel start of the names of our kernels in whose place the library comes
 */
record LibraryCheck(String label, String peer, String ownKernel) {
    private static final DeviceOptions OPTIONS = DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16);

    void run(CheckContext context, Probed<?> probed, List<KernelCase> cases) {
        CudaSettings settings = CudaSettings.DEFAULT.withLibraries(CudaSettings.Libraries.ON);
        try (Target target = context.open(OPTIONS, settings)) {
            if (probed.library().isEmpty() || target.gpu().isEmpty()) {
                context.add(Row.skipped(label, target.gpu().isEmpty() ? "not a CUDA device" : probed.text()));
                return;
            }
            WatchedDriver driver = target.gpu().get().driver();
            RandomPool pool = context.pool();
            for (KernelCase one : cases) {
                context.attempt(one.name(), () -> {
                    driver.forgetKernels();
                    Row row = one.measure(target, pool, context.workload().bench());
                    return driver.started(ownKernel)
                            ? Row.skipped(one.name(), "the library does not offer it")
                            : row.with("peer", peer);
                });
                target.device().memory().workspace().trim();
            }
        }
    }
}
