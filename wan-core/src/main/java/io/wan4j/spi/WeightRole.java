package io.wan4j.spi;

/** What a weight is for; a backend chooses its format and order on the device by it. */
public enum WeightRole {
    /** Second operand of {@link Kernels#linear}: [out, in]. */
    LINEAR,
    /** Operand of {@link Kernels#convolution}: [out, in, kt, kh, kw]. */
    CONVOLUTION,
    /** Table of {@link Kernels#gather}: [rows, columns]. */
    TABLE
}
