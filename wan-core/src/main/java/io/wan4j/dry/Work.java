package io.wan4j.dry;

/**
 * Work that was asked for.
 *
 * @param linearFlops of linear layers with floating operands, a multiply-add counted as 2
 * @param int8Flops of linear layers whose operands are both I8 codes
 * @param fp8Flops of linear layers whose operands are both E4M3 codes
 * @param attentionFlops of q k^T and p v
 * @param convolutionFlops of convolutions
 * @param bytes read and written by all operations, each operand once
 */
public record Work(
        long linearFlops, long int8Flops, long fp8Flops, long attentionFlops, long convolutionFlops, long bytes) {
    /** No work. */
    public static final Work NONE = new Work(0, 0, 0, 0, 0, 0);

    /** All floating point or integer operations of matrix products. */
    public long flops() {
        return linearFlops + int8Flops + fp8Flops + attentionFlops + convolutionFlops;
    }

    /** This work and more. */
    public Work plus(Work other) {
        return new Work(
                linearFlops + other.linearFlops,
                int8Flops + other.int8Flops,
                fp8Flops + other.fp8Flops,
                attentionFlops + other.attentionFlops,
                convolutionFlops + other.convolutionFlops,
                bytes + other.bytes);
    }

    /** {@code part / whole} of this work. */
    public Work share(long part, long whole) {
        double factor = (double) part / whole;
        return new Work(
                Math.round(linearFlops * factor),
                Math.round(int8Flops * factor),
                Math.round(fp8Flops * factor),
                Math.round(attentionFlops * factor),
                Math.round(convolutionFlops * factor),
                Math.round(bytes * factor));
    }

    /** The work since an earlier reading. */
    public Work minus(Work earlier) {
        return new Work(
                linearFlops - earlier.linearFlops,
                int8Flops - earlier.int8Flops,
                fp8Flops - earlier.fp8Flops,
                attentionFlops - earlier.attentionFlops,
                convolutionFlops - earlier.convolutionFlops,
                bytes - earlier.bytes);
    }
}
