package io.wan4j.gpucheck;

import io.wan4j.cuda.CudaSettings;
import io.wan4j.cuda.ProductKernels;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.DeviceOptions;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/**
 * What a check works with.
 *
 * @param workload what is measured, and how large
 * @param home folder of the bundle
 * @param opener opens the device with these kernels
 * @param rows takes results
 * @param progress how far the unit is
 */
record CheckContext(
        Workload workload,
        Path home,
        BiFunction<DeviceOptions, CudaSettings, Target> opener,
        Consumer<Row> rows,
        Progress progress) {
    private static final String WARP_GROUPS = "groups:";
    private static final String LIBRARIES = "libraries:";

    private static final int POOL_BYTES = 32 << 20;
    private static final int TINY_POOL_BYTES = 1 << 20;

    /** Opens the device; the caller closes it. */
    Target open(DeviceOptions options) {
        return open(options, CudaSettings.ofSystemProperties());
    }

    /** Opens the device with these kernels for products, where it is a GPU that has them; the caller closes it. */
    Target open(DeviceOptions options, ProductKernels products) {
        return open(options, CudaSettings.ofSystemProperties().withProducts(products));
    }

    /** Opens the device with these kernels; the caller closes it. */
    Target open(DeviceOptions options, CudaSettings settings) {
        Target target = opener.apply(options, settings);
        progress.use(target);
        return target;
    }

    /** Opens the device with BF16 activations; the caller closes it. */
    Target open() {
        return open(DeviceOptions.DEFAULT.withFormats(ActivationFormats.BF16));
    }

    /** Random values. */
    RandomPool pool() {
        return new RandomPool(workload.size() == Workload.Size.TINY ? TINY_POOL_BYTES : POOL_BYTES);
    }

    void add(Row row) {
        rows.accept(row);
    }

    /** Does a case and adds its row; what goes wrong in it becomes a failed row, and the check goes on. */
    boolean attempt(String name, Callable<Row> making) {
        return step(name, () -> add(making.call()));
    }

    /** What may go wrong. */
    @FunctionalInterface
    interface Work {
        void run() throws Exception;
    }

    /**
     * Does a case, unless it was done before; what goes wrong becomes a failed row. Gives whether nothing went wrong.
     *
     * @throws Progress.DeviceLost if the case failed and the device takes no more work
     */
    boolean step(String name, Work work) {
        if (!progress.begin(name)) {
            return true;
        }
        try {
            work.run();
            return true;
        } catch (Exception | LinkageError | AssertionError | OutOfMemoryError failure) {
            add(Row.failed(name, failure));
            if (progress.deviceLost()) {
                throw new Progress.DeviceLost(name);
            }
            return false;
        }
    }

    /** Activation formats by the first part of a unit's name. */
    static ActivationFormats formats(String unit) {
        return unit.startsWith("f32:") ? ActivationFormats.F32 : ActivationFormats.BF16;
    }

    /** Settings by the first part of a unit's name. */
    static CudaSettings settings(String unit) {
        CudaSettings plain = CudaSettings.ofSystemProperties();
        if (unit.startsWith(WARP_GROUPS)) {
            return plain.withProducts(ProductKernels.WARP_GROUPS);
        }
        return needsLibraries(unit) ? plain.withLibraries(CudaSettings.Libraries.ON) : plain;
    }

    /** Whether the first part of a unit's name asks for libraries of this machine. */
    static boolean needsLibraries(String unit) {
        return unit.startsWith(LIBRARIES);
    }

    /** The unit's name without its format. */
    static String subject(String unit) {
        return unit.substring(unit.indexOf(':') + 1);
    }

    /** Gibibytes for people. */
    static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f GiB", bytes / (double) (1L << 30));
    }
}
