package io.wan4j.onednn;

import io.wan4j.onednn.Assembler.Mem;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * The vectors' part of {@link TileAttentionCode}: from scores to powers of two in BF16.
 *
 * <p>In BF16, scores are floats: {@code x = s * scale + minusShift}, then 2^floor(x) times a polynomial of degree 3 in the
 * rest, with a relative error of 7.5e-5, then rounding.
 *
 * <p>In INT8, scores are integers: {@code x = s * keyScale * rowScale + minusShift} is the power of two times 2^7 plus the
 * exponent's bias, so that rounding it to an integer of 16 bits gives a number in BF16 whose fraction is linear in x; a
 * table of 128 gives the right fraction. Relative error at most 0.7 %, 0.22 % in the mean square; scores err more.
 */
final class TileExponentials {
    /** A vector of ones in BF16; vectors below 16 are free between the exponentials. */
    static final int ONES = 31;

    static final int ZEROS = 30;

    /** 2^x on [0, 1]. */
    static final float[] POWER_OF_TWO = {0.99992522f, 0.69583354f, 0.22606716f, 0.07802452f};
    /** In BF16 powers below this one count as zero; in INT8 those that saturate do. */
    private static final float FLOOR = -126f;

    /** Offsets of the constants. */
    private static final int SCALE = TileAttentionCode.CONSTANTS;

    private static final int FLOOR_AT = SCALE + 4;
    private static final int COEFFICIENTS = SCALE + 8;
    private static final int ONES_AT = SCALE + 24;
    private static final int FRACTION_BITS = SCALE + 28;
    private static final int TABLE = SCALE + 64;
    private static final int MASK = TABLE + 128;

    private static final int FRACTION_STEPS = 128;
    private static final int EXPONENT_BIAS = 127;
    private static final double LOG2_E = 1.4426950408889634;

    /** Four vectors each. */
    private static final int X = 0;

    private static final int F = 4;
    private static final int P = 8;
    private static final int KEY_SCALE = 12;
    private static final int ROW_SCALE = 14;
    private static final int Z_SCALE = 16;
    private static final int Z_FLOOR = 17;
    private static final int Z_POWER = 18;
    private static final int Z_LOW = 22;
    private static final int Z_HIGH = 23;
    private static final int Z_FRACTION_BITS = 24;
    private static final int Z_MASK = 26;

    private final boolean integers;

    TileExponentials(OneDnnOptions.Attention format) {
        integers = format == OneDnnOptions.Attention.INT8;
    }

    /** Writes the constants; {@code scale} is that of the softmax. */
    void write(ByteBuffer arguments, float scale) {
        arguments.putFloat(SCALE, (float) (scale * LOG2_E));
        arguments.putFloat(FLOOR_AT, FLOOR);
        for (int i = 0; i < POWER_OF_TWO.length; i++) {
            arguments.putFloat(COEFFICIENTS + i * Float.BYTES, POWER_OF_TWO[i]);
        }
        arguments.putInt(ONES_AT, 0x3F803F80);
        arguments.putInt(FRACTION_BITS, 0x007F007F);
        for (int i = 0; i < FRACTION_STEPS; i++) {
            double power = Math.pow(2, (double) i / FRACTION_STEPS);
            arguments.put(TABLE + i, (byte) Math.min(FRACTION_STEPS - 1, Math.rint((power - 1) * FRACTION_STEPS)));
        }
    }

    /** Writes the mask of a chunk's last step: how many of its keys exist. */
    void writeMask(ByteBuffer arguments, int keys) {
        for (int i = 0; i < TileAttentionCode.STEP; i++) {
            if (integers) {
                arguments.putShort(MASK + i * Short.BYTES, (short) (i < keys ? -1 : 0));
            } else {
                arguments.putFloat(MASK + i * Float.BYTES, i < keys ? 1f : 0f);
            }
        }
    }

    /** What {@code minusShift} must hold for a shift of this much in scaled scores. */
    float minusShift(double shift) {
        double power = -shift * LOG2_E;
        return (float) (integers ? (power + EXPONENT_BIAS) * FRACTION_STEPS : power);
    }

    /** The factor of a row's products with codes, whose step is {@code step}; scores are also scaled by {@code scale}. */
    static float rowScale(float step, float scale) {
        return (float) (step * scale * LOG2_E * FRACTION_STEPS);
    }

    /** Loads the constants. */
    void constants(Assembler a) {
        a.broadcast(ONES, new Mem(TileAttentionCode.ARGS, ONES_AT));
        a.subtract(ZEROS, ONES, ONES);
        a.load(Z_MASK, new Mem(TileAttentionCode.ARGS, MASK));
        if (integers) {
            a.load(Z_LOW, new Mem(TileAttentionCode.ARGS, TABLE));
            a.load(Z_HIGH, new Mem(TileAttentionCode.ARGS, TABLE + 64));
            a.broadcast(Z_FRACTION_BITS, new Mem(TileAttentionCode.ARGS, FRACTION_BITS));
        } else {
            a.load(Z_MASK + 1, new Mem(TileAttentionCode.ARGS, MASK + 64));
            a.broadcast(Z_SCALE, new Mem(TileAttentionCode.ARGS, SCALE));
            a.broadcast(Z_FLOOR, new Mem(TileAttentionCode.ARGS, FLOOR_AT));
            for (int i = 0; i < POWER_OF_TWO.length; i++) {
                a.broadcast(Z_POWER + i, new Mem(TileAttentionCode.ARGS, COEFFICIENTS + i * Float.BYTES));
            }
        }
    }

    /** Exponentials of a step's scores; masked those of keys that exist. */
    List<Consumer<Assembler>> of32Rows(boolean masked) {
        List<Consumer<Assembler>> all = new ArrayList<>();
        if (integers) {
            all.add(a -> a.load(KEY_SCALE, new Mem(TileAttentionCode.KEY_SCALES, 0)));
            all.add(a -> a.load(KEY_SCALE + 1, new Mem(TileAttentionCode.KEY_SCALES, 64)));
        }
        for (int row = 0; row < TileAttentionCode.STEP; row += 2) {
            if (integers) {
                ofIntegers(all, row, masked);
            } else {
                ofFloats(all, row, masked);
            }
        }
        return all;
    }

    /** Two rows: four vectors, so that their instructions overlap. */
    private static void ofFloats(List<Consumer<Assembler>> all, int row, boolean masked) {
        repeat(all, 4, i -> a -> a.load(X + i, score(row, i)));
        repeat(all, 4, i -> a -> a.multiplyAddBroadcast(X + i, Z_SCALE, shift(row + i / 2)));
        repeat(all, 4, i -> a -> a.maximum(X + i, X + i, Z_FLOOR));
        repeat(all, 4, i -> a -> a.fraction(F + i, X + i));
        repeat(all, 4, i -> a -> a.copy(P + i, Z_POWER + 2));
        repeat(all, 4, i -> a -> a.addProduct(P + i, F + i, Z_POWER + 3));
        repeat(all, 4, i -> a -> a.multiplyAdd(P + i, F + i, Z_POWER + 1));
        repeat(all, 4, i -> a -> a.multiplyAdd(P + i, F + i, Z_POWER));
        repeat(all, 4, i -> a -> a.scale(P + i, P + i, X + i));
        if (masked) {
            repeat(all, 4, i -> a -> a.multiply(P + i, P + i, Z_MASK + i % 2));
        }
        repeat(all, 2, i -> a -> a.toBf16(P + 2 * i, P + 2 * i + 1, P + 2 * i));
        repeat(all, 2, i -> a -> a.store(weights(row + i), P + 2 * i));
    }

    private static void ofIntegers(List<Consumer<Assembler>> all, int row, boolean masked) {
        repeat(all, 4, i -> a -> a.fromIntegers(X + i, score(row, i)));
        repeat(all, 2, i -> a -> a.broadcast(ROW_SCALE + i, rowScale(row + i)));
        repeat(all, 4, i -> a -> a.multiply(X + i, X + i, KEY_SCALE + i % 2));
        repeat(all, 4, i -> a -> a.multiplyAddBroadcast(X + i, ROW_SCALE + i / 2, shift(row + i / 2)));
        repeat(all, 4, i -> a -> a.toIntegers(X + i, X + i));
        repeat(all, 2, i -> a -> a.pack(P + i, X + 2 * i, X + 2 * i + 1));
        repeat(all, 2, i -> a -> a.maximumShorts(P + i, P + i, ZEROS));
        repeat(all, 2, i -> a -> a.copy(F + i, P + i));
        repeat(all, 2, i -> a -> a.lookUp(F + i, Z_LOW, Z_HIGH));
        repeat(all, 2, i -> a -> a.select(P + i, F + i, Z_FRACTION_BITS));
        if (masked) {
            repeat(all, 2, i -> a -> a.and(P + i, P + i, Z_MASK));
        }
        repeat(all, 2, i -> a -> a.store(weights(row + i), P + i));
    }

    private static Mem score(int row, int vector) {
        return new Mem(TileAttentionCode.CURRENT, (row + vector / 2) * 128 + vector % 2 * 64);
    }

    private static Mem shift(int row) {
        return new Mem(TileAttentionCode.SHIFTS, row * Float.BYTES);
    }

    private static Mem rowScale(int row) {
        return new Mem(TileAttentionCode.SHIFTS, (TileAttentionCode.ROWS + row) * Float.BYTES);
    }

    private static Mem weights(int row) {
        return new Mem(TileAttentionCode.LEFT, row * 64);
    }

    private static void repeat(List<Consumer<Assembler>> all, int count, IntFunction<Consumer<Assembler>> instruction) {
        for (int i = 0; i < count; i++) {
            all.add(instruction.apply(i));
        }
    }
}
