package io.wan4j.cuda;

import java.util.Arrays;
import java.util.Locale;

/** Which kernels multiply matrices, and in attention, in BF16 and 8 bits, where an architecture has several. */
public enum ProductKernels {
    /** Warp groups for products that give every multiprocessor a tile, on architectures that have them. */
    AUTO,
    /** Single warps ({@code mma.sync}), which every architecture has. */
    WARPS,
    /** Warp groups ({@code wgmma}, compute capability 9.0) for every product whose operands they can take. */
    WARP_GROUPS;

    /** System property that chooses for devices which are opened by name: {@code auto}, {@code warps} or {@code warp_groups}. */
    public static final String PROPERTY = "wan.cuda.products";

    /** What {@link #PROPERTY} says; {@link #AUTO} if it is not set. */
    static ProductKernels chosen() {
        return of(System.getProperty(PROPERTY, "auto"));
    }

    /**
     * The kernels of this name, in either case.
     *
     * @throws IllegalArgumentException if there are none
     */
    static ProductKernels of(String name) {
        return Arrays.stream(values())
                .filter(value -> value.name().equals(name.toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() ->
                        new IllegalArgumentException(PROPERTY + ": expected auto, warps or warp_groups, got " + name));
    }
}
