package io.wan4j.tensor;

/**
 * Element formats of tensors in memory and in checkpoint files.
 *
 * <p>Floating formats follow IEEE 754 (F64, F32, F16), bfloat16 (BF16), and OFP8 (F8_E4M3: 448 is the largest value and
 * there is no infinity; F8_E5M2: IEEE-like). All are little-endian in files.
 */
public enum Format {
    F64(8, Kind.FLOAT),
    F32(4, Kind.FLOAT),
    F16(2, Kind.FLOAT),
    BF16(2, Kind.FLOAT),
    F8_E4M3(1, Kind.FLOAT),
    F8_E5M2(1, Kind.FLOAT),
    I64(8, Kind.INTEGER),
    I32(4, Kind.INTEGER),
    I16(2, Kind.INTEGER),
    I8(1, Kind.INTEGER),
    U8(1, Kind.INTEGER),
    BOOL(1, Kind.INTEGER);

    private enum Kind {
        FLOAT,
        INTEGER
    }

    private final int bytes;
    private final Kind kind;

    Format(int bytes, Kind kind) {
        this.bytes = bytes;
        this.kind = kind;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** True for the floating formats, 8-bit ones included. */
    public boolean isFloat() {
        return kind == Kind.FLOAT;
    }

    /** True for the formats that hold 8-bit codes which mean nothing without a scale: F8_E4M3 and I8. */
    public boolean isCode() {
        return this == F8_E4M3 || this == I8;
    }
}
