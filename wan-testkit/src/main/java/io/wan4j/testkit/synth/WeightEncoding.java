package io.wan4j.testkit.synth;

import io.wan4j.tensor.Format;

/** How the weights of a synthetic transformer's block linears are stored. */
public enum WeightEncoding {
    /** 32-bit floats, everything else too. */
    F32(Format.F32),
    /** BF16, everything else too. */
    BF16(Format.BF16),
    /** E4M3 codes with an F32 scale per row, everything else in BF16. */
    FP8(Format.F8_E4M3),
    /** Signed 8-bit codes with an F32 scale per row, everything else in BF16. */
    INT8(Format.I8);

    private final Format format;

    WeightEncoding(Format format) {
        this.format = format;
    }

    /** Format of the block linears' values or codes. */
    public Format linear() {
        return format;
    }

    /** Format of all other tensors of the transformer. */
    public Format other() {
        return this == F32 ? Format.F32 : Format.BF16;
    }
}
