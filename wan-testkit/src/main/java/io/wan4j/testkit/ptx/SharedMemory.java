package io.wan4j.testkit.ptx;

import java.util.Arrays;

/** Shared memory of one block. Addresses start at {@link #BASE}; the bytes below are the system's. */
final class SharedMemory {
    /** As on sm_90 and later, the first KiB belongs to the system. */
    static final int BASE = 1024;
    /** Bits of a shared::cluster address that hold the rank of the block. */
    static final int RANK_SHIFT = 24;

    static final int OFFSET_MASK = (1 << RANK_SHIFT) - 1;

    final byte[] data;
    final int bytes;
    final SharedShadow shadow;

    SharedMemory(Cta cta, int bytes, int granuleShift) {
        this.bytes = bytes;
        this.data = new byte[bytes + 8];
        this.shadow = new SharedShadow(cta, bytes, granuleShift);
    }

    void reset() {
        // not zero: a kernel that reads what it did not write must not look right by chance
        Arrays.fill(data, (byte) 0xCD);
        shadow.reset();
    }
}
