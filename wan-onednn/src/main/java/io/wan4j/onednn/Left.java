package io.wan4j.onednn;

import io.wan4j.tensor.Format;
import org.jspecify.annotations.Nullable;

/**
 * The left operand of a product, ready for oneDNN: rows from an address on.
 *
 * @param address of row {@code firstRow}
 * @param format F32, BF16 or I8
 * @param stride elements between rows
 * @param low address of a second operand whose product is added (the low halves of F32 values in BF16), or 0
 * @param firstRow row of the whole input that stands first
 * @param rowScales factor of each row of the whole input, if the rows are codes
 * @param scales address of the same in F32, or 0
 */
record Left(
        long address, Format format, long stride, long low, long firstRow, float @Nullable [] rowScales, long scales) {
    long row(long row) {
        return address + (row - firstRow) * stride * format.bytes();
    }

    long lowRow(long row) {
        return low + (row - firstRow) * stride * format.bytes();
    }
}
