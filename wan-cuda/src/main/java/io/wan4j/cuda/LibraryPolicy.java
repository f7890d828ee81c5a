package io.wan4j.cuda;

import io.wan4j.cuda.driver.ComputeCapability;

/**
 * When a library of the user's system computes instead of our kernels.
 *
 * @param use what the user wants
 * @param table what was measured
 * @param capability of the device
 */
record LibraryPolicy(CudaSettings.Libraries use, LibraryTable table, ComputeCapability capability) {
    /** Whether it is worth looking for libraries at all. */
    boolean looks() {
        return use == CudaSettings.Libraries.ON
                || (use == CudaSettings.Libraries.MEASURED && table.prefersLibrary(capability));
    }

    /** Whether a library should compute so many operations of a kind. */
    boolean wants(LibraryTable.Operation operation, double operations) {
        return use == CudaSettings.Libraries.ON
                || (use == CudaSettings.Libraries.MEASURED && table.prefersLibrary(capability, operation, operations));
    }
}
