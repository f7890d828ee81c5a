package io.wan4j.testkit.ptx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Description of a tensor in global memory for bulk tensor copies, as {@code cuTensorMapEncodeTiled} takes it. The
 * 128 bytes that {@link #encode} gives stand for the driver's opaque descriptor.
 *
 * @param elementBytes 1, 2, 4 or 8
 * @param address global address, a multiple of 16
 * @param extents elements along each of 1 to 5 dimensions, the contiguous one first
 * @param strides bytes from element to element along all dimensions but the first, multiples of 16
 * @param box elements copied along each dimension, 1 to 256
 * @param swizzle how rows of the box are permuted in shared memory
 * @param nanFill whether elements outside the tensor become NaN instead of zero
 */
public record TensorMap(
        int elementBytes, long address, long[] extents, long[] strides, int[] box, Swizzle swizzle, boolean nanFill) {
    private static final int MAGIC = 0x544d4150;
    private static final int BYTES = 128;

    /** Permutation of the 16-byte pieces in shared memory; {@code span} bytes are one row of the pattern. */
    public enum Swizzle {
        /** Rows as they are. */
        NONE(0, 16),
        /** 32-byte rows. */
        B32(1, 32),
        /** 64-byte rows. */
        B64(3, 64),
        /** 128-byte rows. */
        B128(7, 128);

        private final int mask;
        private final int span;

        Swizzle(int mask, int span) {
            this.mask = mask;
            this.span = span;
        }

        private static Swizzle ofMask(int mask) {
            for (Swizzle swizzle : values()) {
                if (swizzle.mask == mask) {
                    return swizzle;
                }
            }
            throw new IllegalArgumentException("no swizzle " + mask);
        }

        /** Longest row in bytes. */
        public int span() {
            return span;
        }

        /** Where the byte of shared address {@code address} goes: address bits 7 and up are added to bits 4 and up, without carry. */
        public int apply(int address) {
            return address ^ (address >> 7 & mask) << 4;
        }
    }

    /** Checks what the driver checks. */
    public TensorMap {
        extents = extents.clone();
        strides = strides.clone();
        box = box.clone();
        int rank = extents.length;
        if (rank < 1 || rank > 5 || strides.length != rank - 1 || box.length != rank) {
            throw new IllegalArgumentException(
                    "tensor map: expected 1 to 5 extents, one stride less and as many box sizes, got " + rank + ", "
                            + strides.length + ", " + box.length);
        }
        if (Integer.bitCount(elementBytes) != 1 || elementBytes > 8) {
            throw new IllegalArgumentException("tensor map: element of " + elementBytes + " bytes");
        }
        if (address % 16 != 0 || Arrays.stream(strides).anyMatch(s -> s % 16 != 0 || s <= 0 || s >= 1L << 40)) {
            throw new IllegalArgumentException("tensor map: address 0x" + Long.toHexString(address) + " and strides "
                    + Arrays.toString(strides) + " must be multiples of 16");
        }
        if (Arrays.stream(box).anyMatch(b -> b < 1 || b > 256)
                || Arrays.stream(extents).anyMatch(e -> e < 1 || e > 1L << 32)) {
            throw new IllegalArgumentException(
                    "tensor map: box " + Arrays.toString(box) + ", extents " + Arrays.toString(extents));
        }
        int row = box[0] * elementBytes;
        if (row % 16 != 0 || swizzle != Swizzle.NONE && row > swizzle.span()) {
            throw new IllegalArgumentException("tensor map: a box row of " + row + " bytes with swizzle " + swizzle);
        }
    }

    /** Bytes of a box in shared memory. */
    public int boxBytes() {
        return Arrays.stream(box).reduce(elementBytes, (a, b) -> a * b);
    }

    /** The descriptor. */
    public byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(MAGIC).put((byte) elementBytes).put((byte) extents.length).put((byte) swizzle.mask);
        out.put((byte) (nanFill ? 1 : 0)).putLong(address);
        for (long extent : extents) {
            out.putInt((int) (extent - 1));
        }
        for (long stride : strides) {
            out.putLong(stride);
        }
        for (int size : box) {
            out.putShort((short) size);
        }
        return out.array();
    }

    /**
     * Reads a descriptor.
     *
     * @throws IllegalArgumentException if the bytes are none
     */
    public static TensorMap decode(byte[] descriptor) {
        ByteBuffer in = ByteBuffer.wrap(descriptor).order(ByteOrder.LITTLE_ENDIAN);
        if (descriptor.length < BYTES || in.getInt() != MAGIC) {
            throw new IllegalArgumentException("these bytes are no tensor map");
        }
        int elementBytes = in.get();
        int rank = in.get();
        Swizzle swizzle = Swizzle.ofMask(in.get());
        boolean nanFill = in.get() != 0;
        long address = in.getLong();
        long[] extents = new long[rank];
        for (int i = 0; i < rank; i++) {
            extents[i] = (in.getInt() & 0xffffffffL) + 1;
        }
        long[] strides = new long[rank - 1];
        for (int i = 0; i < strides.length; i++) {
            strides[i] = in.getLong();
        }
        int[] box = new int[rank];
        for (int i = 0; i < rank; i++) {
            box[i] = in.getShort();
        }
        return new TensorMap(elementBytes, address, extents, strides, box, swizzle, nanFill);
    }
}
