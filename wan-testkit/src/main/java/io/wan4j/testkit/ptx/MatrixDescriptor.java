package io.wan4j.testkit.ptx;

/**
 * Shared-memory matrix descriptor of wgmma: start address in bits 0-13, leading byte offset in 16-29, stride byte offset
 * in 32-45 (all divided by 16), swizzle in 62-63 (0 none, 1 of 128, 2 of 64, 3 of 32 bytes).
 *
 * <p>K-major: rows of one swizzle span (16 bytes without swizzle) stand in groups of 8; the stride offset leads to the
 * next 8 rows, the leading offset (without swizzle) to the next 16 bytes of k. With {@code trans} the roles are changed:
 * spans run along m or n, 8 of them along k make a group, the stride offset leads to the next 8 of k and the leading
 * offset to the next span; without swizzle the other way round.
 */
record MatrixDescriptor(long bits, int elementBytes, boolean trans) {
    private int start() {
        return (int) (bits & 0x3fff) << 4;
    }

    private int leading() {
        return (int) (bits >>> 16 & 0x3fff) << 4;
    }

    private int stride() {
        return (int) (bits >>> 32 & 0x3fff) << 4;
    }

    private TensorMap.Swizzle swizzle() {
        return switch ((int) (bits >>> 62)) {
            case 1 -> TensorMap.Swizzle.B128;
            case 2 -> TensorMap.Swizzle.B64;
            case 3 -> TensorMap.Swizzle.B32;
            default -> TensorMap.Swizzle.NONE;
        };
    }

    /** Byte offset in the block's shared memory of the element of row (or column) {@code mn} and depth {@code k}. */
    int offset(int mn, int k) {
        TensorMap.Swizzle swizzle = swizzle();
        int span = swizzle.span();
        int address;
        if (!trans) {
            int depth = k * elementBytes;
            address = start() + (mn >> 3) * stride() + (mn & 7) * span;
            address += swizzle == TensorMap.Swizzle.NONE ? (depth >> 4) * leading() + (depth & 15) : depth;
        } else {
            int along = mn * elementBytes;
            boolean none = swizzle == TensorMap.Swizzle.NONE;
            address = start() + along / span * (none ? stride() : leading()) + along % span;
            address += (k >> 3) * (none ? leading() : stride()) + (k & 7) * span;
        }
        return swizzle.apply(address) - SharedMemory.BASE;
    }
}
