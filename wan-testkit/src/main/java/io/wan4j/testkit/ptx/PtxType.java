package io.wan4j.testkit.ptx;

import java.util.Optional;

/** Operand types of PTX instructions and variables. */
enum PtxType {
    PRED("pred", 0),
    B8("b8", 1),
    U8("u8", 1),
    S8("s8", 1),
    B16("b16", 2),
    U16("u16", 2),
    S16("s16", 2),
    F16("f16", 2),
    BF16("bf16", 2),
    B32("b32", 4),
    U32("u32", 4),
    S32("s32", 4),
    F32("f32", 4),
    F16X2("f16x2", 4),
    BF16X2("bf16x2", 4),
    TF32("tf32", 4),
    B64("b64", 8),
    U64("u64", 8),
    S64("s64", 8),
    F64("f64", 8),
    F32X2("f32x2", 8),
    B128("b128", 16),
    E4M3("e4m3", 1),
    E5M2("e5m2", 1),
    E4M3X2("e4m3x2", 2),
    E5M2X2("e5m2x2", 2);

    final String ptxName;
    final int bytes;

    PtxType(String ptxName, int bytes) {
        this.ptxName = ptxName;
        this.bytes = bytes;
    }

    static Optional<PtxType> of(String name) {
        for (PtxType type : values()) {
            if (type.ptxName.equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    boolean isSigned() {
        return this == S8 || this == S16 || this == S32 || this == S64;
    }

    boolean isInteger() {
        return switch (this) {
            case B8, U8, S8, B16, U16, S16, B32, U32, S32, B64, U64, S64 -> true;
            default -> false;
        };
    }

    /** Whether values of this type live in the 64-bit register bank. */
    boolean isWide() {
        return bytes == 8;
    }
}
