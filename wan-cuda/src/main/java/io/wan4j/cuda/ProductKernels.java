package io.wan4j.cuda;

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
}
