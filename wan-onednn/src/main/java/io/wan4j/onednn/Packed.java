package io.wan4j.onednn;

import io.wan4j.error.UnsupportedException;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Storage;
import java.util.List;

/**
 * A matrix [out, in] in oneDNN's order, cut into groups of output columns that are multiplied one by one.
 *
 * @param order element type in whose order the values lie: F32, BF16, or I8 for integer products
 * @param stored element type of the bytes: {@code order}, or 8-bit codes which are decoded before the product
 * @param in rows of each group as oneDNN sees it
 * @param chunks the groups, from column 0 on
 * @param bytes of all groups
 */
record Packed(Format order, Format stored, long in, List<Chunk> chunks, long bytes) implements Storage {
    /** Columns {@code from .. from + columns}, in oneDNN's order at an address. */
    record Chunk(long from, long columns, long address) {}

    /** Columns of a group: so many that the group's product keeps the core busy, so few that the group stays in cache. */
    private static final long COLUMNS = 1024;

    private static final long STEP = 64;

    /** Columns of each group but the last, for this many in all. */
    static long columns(long out) {
        long groups = Math.max(1, Math.round((double) out / COLUMNS));
        return ((out + groups - 1) / groups + STEP - 1) / STEP * STEP;
    }

    /** Whether values must be decoded before a product. */
    boolean isCoded() {
        return order != stored;
    }

    @Override
    public Storage slice(long offset, long length) {
        throw new UnsupportedException("onednn: expected no views of a packed weight, got one of " + offset + "+"
                + length + "; slice it before it is placed");
    }
}
