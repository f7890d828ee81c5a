package io.wan4j.checkpoint.gguf;

import io.wan4j.tensor.FloatCodec;
import java.nio.ByteBuffer;

/**
 * Values of one block of GGUF codes. In all formats {@code value = scale * code - minimum}, with the scales (and, where
 * there are any, minimums) of 16 or 32 elements at a time; the formats differ in how codes and scales are packed.
 * Source: the definitions in ggml's {@code ggml-quants.h}.
 */
final class BlockDecoder {
    private BlockDecoder() {}

    /** Decodes the block at byte {@code at} to {@code out}, from {@code to} on. */
    static void decode(GgufType type, ByteBuffer in, int at, float[] out, int to) {
        switch (type) {
            case Q4_0 -> nibbles(in, at, at + 2, out, to, -8);
            case Q4_1 -> nibblesWithMinimum(in, at, out, to);
            case Q5_0 -> fiveBits(in, at, at + 2, out, to, -16);
            case Q5_1 -> fiveBits(in, at, at + 4, out, to, 0);
            case Q8_0 -> {
                float scale = half(in, at);
                for (int i = 0; i < 32; i++) {
                    out[to + i] = scale * in.get(at + 2 + i);
                }
            }
            case Q2_K -> twoBits(in, at, out, to);
            case Q3_K -> threeBits(in, at, out, to);
            case Q4_K -> fourBits(in, at, out, to, -1);
            case Q5_K -> fourBits(in, at, out, to, at + 16);
            case Q6_K -> sixBits(in, at, out, to);
            default -> throw new IllegalArgumentException("expected a block format, got " + type);
        }
    }

    private static void nibbles(ByteBuffer in, int at, int codes, float[] out, int to, int shift) {
        float scale = half(in, at);
        for (int i = 0; i < 32; i++) {
            out[to + i] = scale * (nibble(in, codes, i) + shift);
        }
    }

    private static void nibblesWithMinimum(ByteBuffer in, int at, float[] out, int to) {
        float scale = half(in, at);
        float minimum = half(in, at + 2);
        for (int i = 0; i < 32; i++) {
            out[to + i] = scale * nibble(in, at + 4, i) + minimum;
        }
    }

    /** Four low bits from a nibble, the fifth from a bit set of 32; a shift of 0 means that there is a minimum. */
    private static void fiveBits(ByteBuffer in, int at, int high, float[] out, int to, int shift) {
        float scale = half(in, at);
        float minimum = shift == 0 ? half(in, at + 2) : 0;
        int bits = in.getInt(high);
        for (int i = 0; i < 32; i++) {
            int code = nibble(in, high + 4, i) | (bits >>> i & 1) << 4;
            out[to + i] = shift == 0 ? scale * code + minimum : scale * (code + shift);
        }
    }

    /** Element i of 32: the low nibbles are the first half, the high nibbles the second. */
    private static int nibble(ByteBuffer in, int codes, int i) {
        return in.get(codes + i % 16) >>> 4 * (i / 16) & 0xF;
    }

    /** Scales and minimums in 4 bits each; codes of 2 bits, four planes in every 32 bytes. */
    private static void twoBits(ByteBuffer in, int at, float[] out, int to) {
        float scale = half(in, at + 80);
        float minimum = half(in, at + 82);
        for (int i = 0; i < 256; i++) {
            int packed = in.get(at + i / 16) & 0xFF;
            int code = in.get(at + 16 + i / 128 * 32 + i % 32) >>> 2 * (i % 128 / 32) & 3;
            out[to + i] = scale * (packed & 0xF) * code - minimum * (packed >>> 4);
        }
    }

    /** As two bits, with a third bit from a mask of 32 bytes, inverted; signed scales of 6 bits. */
    private static void threeBits(ByteBuffer in, int at, float[] out, int to) {
        float scale = half(in, at + 108);
        for (int i = 0; i < 256; i++) {
            int low = in.get(at + 32 + i / 128 * 32 + i % 32) >>> 2 * (i % 128 / 32) & 3;
            boolean high = (in.get(at + i % 32) >>> i / 32 & 1) != 0;
            out[to + i] = scale * (sixBitScale(in, at + 96, i / 16) - 32) * (high ? low : low - 4);
        }
    }

    /** Scale j of 16: low 4 bits in 8 bytes, high 2 bits in the 4 bytes behind them. */
    private static int sixBitScale(ByteBuffer in, int scales, int j) {
        int low = in.get(scales + j % 8) >>> 4 * (j / 8) & 0xF;
        int high = in.get(scales + 8 + j % 4) >>> 2 * (j / 4) & 3;
        return low | high << 4;
    }

    /** Codes of 4 bits, with a fifth from the bytes at {@code high} unless that is negative; 6-bit scales and minimums. */
    private static void fourBits(ByteBuffer in, int at, float[] out, int to, int high) {
        float scale = half(in, at);
        float minimum = half(in, at + 2);
        int codes = high < 0 ? at + 16 : at + 48;
        for (int group = 0; group < 8; group++) {
            float groupScale = scale * packedScale(in, at + 4, group);
            float groupMinimum = minimum * packedMinimum(in, at + 4, group);
            for (int i = 0; i < 32; i++) {
                int code = in.get(codes + group / 2 * 32 + i) >>> 4 * (group % 2) & 0xF;
                if (high >= 0) {
                    code |= (in.get(high + i) >>> group & 1) << 4;
                }
                out[to + 32 * group + i] = groupScale * code - groupMinimum;
            }
        }
    }

    private static int packedScale(ByteBuffer in, int scales, int group) {
        return group < 4
                ? in.get(scales + group) & 63
                : in.get(scales + group + 4) & 0xF | (in.get(scales + group - 4) & 0xFF) >>> 6 << 4;
    }

    private static int packedMinimum(ByteBuffer in, int scales, int group) {
        return group < 4
                ? in.get(scales + group + 4) & 63
                : (in.get(scales + group + 4) & 0xFF) >>> 4 | (in.get(scales + group) & 0xFF) >>> 6 << 4;
    }

    /** Low 4 bits in 128 bytes, high 2 bits in 64, signed 8-bit scales. */
    private static void sixBits(ByteBuffer in, int at, float[] out, int to) {
        float scale = half(in, at + 208);
        for (int i = 0; i < 256; i++) {
            int part = i / 128;
            int plane = i % 128 / 32;
            int low = in.get(at + 64 * part + 32 * (plane % 2) + i % 32) >>> 4 * (plane / 2) & 0xF;
            int high = in.get(at + 128 + 32 * part + i % 32) >>> 2 * plane & 3;
            out[to + i] = scale * in.get(at + 192 + i / 16) * ((low | high << 4) - 32);
        }
    }

    private static float half(ByteBuffer in, int at) {
        return FloatCodec.f16ToFloat(in.getShort(at));
    }
}
