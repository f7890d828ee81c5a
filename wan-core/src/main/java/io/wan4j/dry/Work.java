package io.wan4j.dry;

/**
 * Work that was asked for.
 *
 * @param linearFlops of linear layers, a multiply-add counted as 2
 * @param attentionFlops of q k^T and p v
 * @param convolutionFlops of convolutions
 * @param bytes read and written by all operations, each operand once
 */
public record Work(long linearFlops, long attentionFlops, long convolutionFlops, long bytes) {
    /** No work. */
    public static final Work NONE = new Work(0, 0, 0, 0);

    /** All floating point or integer operations of matrix products. */
    public long flops() {
        return linearFlops + attentionFlops + convolutionFlops;
    }

    /** The work since an earlier reading. */
    public Work minus(Work earlier) {
        return new Work(
                linearFlops - earlier.linearFlops,
                attentionFlops - earlier.attentionFlops,
                convolutionFlops - earlier.convolutionFlops,
                bytes - earlier.bytes);
    }
}
