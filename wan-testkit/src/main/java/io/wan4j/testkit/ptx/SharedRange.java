package io.wan4j.testkit.ptx;

import org.jspecify.annotations.Nullable;

/** The shared side of a bulk operation: an operand whose bytes are addressed piece by piece. */
final class SharedRange extends AddressedOp {
    SharedRange(Site s, int operand) {
        super(s, operand, space(s, operand));
    }

    /** Without a shared register name the operand may be a generic address. */
    private static StateSpace space(Site s, int operand) {
        boolean wide = s.operand(operand) instanceof PtxOperand.Address address && Site.isWide(address.base());
        return wide ? StateSpace.GENERIC : StateSpace.SHARED;
    }

    @Override
    void run(Warp w) {
        throw new IllegalStateException("part of a bulk operation");
    }

    /** The block that owns an address, or null after a finding. */
    @Nullable
    Cta owner(Warp w, int lane, long address) {
        int rank = (int) (address & 0xffffffffL) >>> SharedMemory.RANK_SHIFT;
        if (rank >= w.cta.cluster.length) {
            report(w, lane, address, Finding.Kind.OUT_OF_BOUNDS, "no such block in the cluster");
            return null;
        }
        return w.cta.cluster[rank];
    }

    /** Offset of {@code bytes} bytes in the shared memory of {@code cta}, or -1 after a finding. */
    int offset(Warp w, int lane, long address, int bytes, Cta cta) {
        int at = (int) (address & SharedMemory.OFFSET_MASK) - SharedMemory.BASE;
        if (at < 0 || at + bytes > cta.shared.bytes) {
            report(
                    w,
                    lane,
                    address,
                    Finding.Kind.OUT_OF_BOUNDS,
                    bytes + " bytes in a block with " + cta.shared.bytes + " bytes of shared memory from 0x"
                            + Integer.toHexString(SharedMemory.BASE));
            return -1;
        }
        return at;
    }
}
