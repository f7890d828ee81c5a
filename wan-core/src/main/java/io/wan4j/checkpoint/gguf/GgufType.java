package io.wan4j.checkpoint.gguf;

import io.wan4j.tensor.Format;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Element formats of GGUF files: plain ones, and blocks of codes that share scales. Source: {@code ggml/include/ggml.h}
 * and {@code gguf-py/gguf/constants.py}.
 */
enum GgufType {
    F32(0, Format.F32),
    F16(1, Format.F16),
    Q4_0(2, 32, 18),
    Q4_1(3, 32, 20),
    Q5_0(6, 32, 22),
    Q5_1(7, 32, 24),
    Q8_0(8, 32, 34),
    Q2_K(10, 256, 84),
    Q3_K(11, 256, 110),
    Q4_K(12, 256, 144),
    Q5_K(13, 256, 176),
    Q6_K(14, 256, 210),
    I8(24, Format.I8),
    I16(25, Format.I16),
    I32(26, Format.I32),
    I64(27, Format.I64),
    F64(28, Format.F64),
    BF16(30, Format.BF16);

    private final int code;
    private final int blockElements;
    private final int blockBytes;
    private final @Nullable Format plain;

    GgufType(int code, Format plain) {
        this.code = code;
        this.blockElements = 1;
        this.blockBytes = plain.bytes();
        this.plain = plain;
    }

    GgufType(int code, int blockElements, int blockBytes) {
        this.code = code;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
        this.plain = null;
    }

    static Optional<GgufType> find(int code) {
        return Arrays.stream(values()).filter(type -> type.code == code).findFirst();
    }

    /** Elements of a block; 1 for plain formats. */
    int blockElements() {
        return blockElements;
    }

    /** Bytes of a block. */
    int blockBytes() {
        return blockBytes;
    }

    /** The format of plain elements; empty for blocks. */
    Optional<Format> plain() {
        return Optional.ofNullable(plain);
    }
}
