package io.wan4j.testkit.ptx;

/**
 * What a simulated GPU checks and how it runs.
 *
 * @param races look for shared-memory accesses that nothing orders
 * @param uninitialised look for reads of memory that nobody wrote
 * @param counts count bank conflicts and global sectors
 * @param threads worker threads; kernels with global atomics run on one, so that results repeat
 */
public record SimulatorOptions(boolean races, boolean uninitialised, boolean counts, int threads) {
    /** Checks the number of threads. */
    public SimulatorOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected at least 1, got " + threads);
        }
    }

    /** All checks, at most two threads. */
    public static SimulatorOptions full() {
        return new SimulatorOptions(
                true, true, true, Math.min(2, Runtime.getRuntime().availableProcessors()));
    }

    /** Bounds and alignment only, for long runs of kernels that were checked before. */
    public static SimulatorOptions fast() {
        return new SimulatorOptions(false, false, false, full().threads());
    }
}
