package io.wan4j.cuda;

import io.wan4j.cuda.LibraryTable.Library;
import io.wan4j.cuda.LibraryTable.Operation;
import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.library.Probed;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * When a library of the user's system computes instead of our kernels.
 *
 * @param use what the user wants
 * @param table what was measured
 * @param capability of the device
 */
record LibraryPolicy(CudaSettings.Libraries use, LibraryTable table, ComputeCapability capability) {
    /** What a library would compute, if it is there. */
    Set<Operation> uses(Library library) {
        return switch (use) {
            case OFF -> Set.of();
            case MEASURED -> table.preferred(capability, library);
            case ON -> Operation.by(library);
        };
    }

    /** A line about a library that was found: its version, what it could do here and what it does. */
    String report(Probed<?> probed, Library library) {
        if (probed.library().isEmpty()) {
            return probed.text();
        }
        Set<Operation> uses = uses(library);
        String names = labels(uses.isEmpty() ? Operation.by(library) : uses);
        return uses.isEmpty()
                ? probed.text() + ", not used: no committed measurement on compute capability " + capability
                        + " shows it faster for " + names + " (" + CudaSettings.LIBRARIES + "=on uses it anyway)"
                : probed.text() + ", used for " + names + (use == CudaSettings.Libraries.ON ? " where it can be" : "");
    }

    private static String labels(Set<Operation> operations) {
        return operations.stream().map(Operation::label).collect(Collectors.joining(", "));
    }

    /** Whether a library should compute so many operations of a kind. */
    boolean wants(Operation operation, double operations) {
        return use == CudaSettings.Libraries.ON
                || (use == CudaSettings.Libraries.MEASURED && table.prefersLibrary(capability, operation, operations));
    }
}
