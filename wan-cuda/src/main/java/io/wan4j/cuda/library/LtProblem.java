package io.wan4j.cuda.library;

import io.wan4j.tensor.Format;
import java.util.Optional;

/**
 * A product {@code y = x w^T} for cuBLASLt; x [rows, depth], w [columns, depth], y [rows, columns].
 *
 * @param operands BF16, I8 or F8_E4M3
 * @param result BF16 or F32; I8 gives 32-bit integers whatever it says
 * @param extents of the product
 * @param pitches elements from row to row
 * @param scales of E4M3 operands, applied by the library; empty for none
 */
public record LtProblem(Format operands, Format result, Extents extents, Pitches pitches, Optional<Scales> scales) {
    /** Extents of a product. */
    public record Extents(long rows, long columns, long depth) {}

    /** Elements from row to row of x, w and y. */
    public record Pitches(long x, long w, long y) {}

    /**
     * F32 factors on the device.
     *
     * @param x one a row of x, or one
     * @param w one a row of w, or one
     * @param aRow whether there is one a row
     */
    public record Scales(long x, long w, boolean aRow) {}

    /** Checks the formats. */
    public LtProblem {
        if (operands != Format.BF16 && operands != Format.I8 && operands != Format.F8_E4M3) {
            throw new IllegalArgumentException("cuBLASLt: no product of " + operands);
        }
        if (result != Format.BF16 && result != Format.F32) {
            throw new IllegalArgumentException("cuBLASLt: no product to " + result);
        }
    }

    boolean isInteger() {
        return operands == Format.I8;
    }
}
