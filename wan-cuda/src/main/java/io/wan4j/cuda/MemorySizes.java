package io.wan4j.cuda;

/**
 * Sizes of the memory that a device keeps for itself, in bytes.
 *
 * @param workspace addresses reserved for temporaries, and as many for each slot of streamed blocks
 * @param growth least step in which the workspace grows
 * @param scratch operands that a kernel needs for the length of one call: padded or quantised rows, a chunk at a time
 * @param staging one of the page-locked buffers between host and device
 * @param slab small allocations of an arena share blocks of this size; 0 gives every tensor its own
 */
record MemorySizes(long workspace, long growth, long scratch, int staging, long slab) {
    /** For a device with this much memory. */
    static MemorySizes of(long totalBytes) {
        return new MemorySizes(totalBytes, 64L << 20, 64L << 20, 16 << 20, 2L << 20);
    }
}
