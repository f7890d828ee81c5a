package io.wan4j.cuda.driver;

import java.util.List;

/**
 * A two to five dimensional view for the bulk copy engine of compute capability 9.0 and later.
 *
 * @param address device address, a multiple of 16
 * @param element type of one element
 * @param extents in elements, innermost first
 * @param strides in bytes of all axes but the innermost; multiples of 16
 * @param box extents of one copied tile in elements, innermost first, each at most 256
 * @param swizzle how a tile lies in shared memory
 */
public record TensorMap(
        long address, Element element, List<Long> extents, List<Long> strides, List<Integer> box, Swizzle swizzle) {
    /** Alignment of the driver's encoding among a kernel's parameters. */
    public static final int ALIGNMENT = 64;

    /** Element types, with the driver's numbers. */
    public enum Element {
        U8(0),
        BF16(9);

        private final int code;

        Element(int code) {
            this.code = code;
        }

        /** The driver's number. */
        public int code() {
            return code;
        }
    }

    /** Swizzle patterns, with the driver's numbers. */
    public enum Swizzle {
        NONE(0),
        BYTES_32(1),
        BYTES_64(2),
        BYTES_128(3);

        private final int code;

        Swizzle(int code) {
            this.code = code;
        }

        /** The driver's number. */
        public int code() {
            return code;
        }
    }

    public TensorMap {
        extents = List.copyOf(extents);
        strides = List.copyOf(strides);
        box = List.copyOf(box);
        if (extents.size() < 2 || strides.size() != extents.size() - 1 || box.size() != extents.size()) {
            throw new IllegalArgumentException("tensor map: expected extents, strides and box of rank r, r-1, r, got "
                    + extents + ", " + strides + ", " + box);
        }
    }
}
