package io.wan4j.onednn;

import io.wan4j.onednn.Assembler.Mem;
import io.wan4j.onednn.Assembler.Reg;
import java.nio.ByteBuffer;

/**
 * The machine code that prepares rows of q and k for {@link TileAttentionCode}: {@link #rows} computes norms and, in INT8,
 * codes with one step a row; {@link #tiles} brings rows of codes into the order of tiles; {@link #finish} divides sums of
 * values by those of weights.
 */
final class TileRowsCode {
    /** Offsets of the arguments of {@link #rows}: rows in BF16, {@link #STRIDE} bytes apart. */
    static final int SOURCE = 0;

    static final int STRIDE = 8;
    /** Rows; of {@link #tiles}, steps of 32 keys. */
    static final int COUNT = 16;
    /** F32 for every column, taken from each row. */
    static final int MEAN = 24;
    /** Rows of codes. */
    static final int CODES = 32;
    /** F32 for each row: the largest magnitude by 127. */
    static final int STEPS = 40;
    /** F32 for each row: the sum of squares. */
    static final int SQUARES = 48;
    /** Where {@link #tiles} writes tiles of codes, and the steps in their order. */
    static final int TILES = 56;

    static final int TILE_STEPS = 64;

    /** Of {@link #finish}: rows of F32 where contexts add up, then rows in BF16, {@link #STRIDE} bytes apart. */
    static final int TOTAL = SQUARES;

    static final int OUT = TILES;

    private static final int CONSTANTS = 72;
    private static final int MOST = CONSTANTS;
    private static final int LEAST = CONSTANTS + 4;
    private static final int MAGNITUDE = CONSTANTS + 8;
    private static final int ONE = CONSTANTS + 12;
    private static final int ORDERS = 128;
    private static final int KEYS = ORDERS + 4 * 64;
    private static final int KEY_STEPS = KEYS + 2 * 64;

    /** Bytes of the arguments. */
    static final int ARGUMENTS = KEY_STEPS + 2 * 64;

    private static final Reg ARGS = Reg.RDI;
    private static final Reg FROM = Reg.RSI;
    private static final Reg TO = Reg.RDX;
    private static final Reg LEFT = Reg.RAX;
    private static final Reg ADVANCE = Reg.RCX;
    private static final Reg MEANS = Reg.R8;
    private static final Reg TO_STEPS = Reg.R9;
    private static final Reg TO_SQUARES = Reg.R10;

    private static final int LANES = 16;
    /** Vectors: the row up to here, then temporaries, then constants. */
    private static final int T = 12;

    private static final int SUM = 14;
    private static final int MAXIMUM = 15;
    private static final int Z_ORDER = 16;
    private static final int Z_MOST = 20;
    private static final int Z_LEAST = 21;
    private static final int Z_MAGNITUDE = 22;
    private static final int Z_KEYS = 24;
    private static final int Z_KEY_STEPS = 26;

    private TileRowsCode() {}

    /** Whether there is code for heads of this many columns. */
    static boolean takes(int dim) {
        return dim % LANES == 0 && dim <= T * LANES;
    }

    /** Writes the constants. */
    static void write(ByteBuffer arguments, int dim) {
        arguments.putFloat(MOST, 127f);
        arguments.putFloat(LEAST, 1e-8f);
        arguments.putFloat(ONE, 1f);
        arguments.putInt(MAGNITUDE, 0x7FFFFFFF);
        for (int i = 0; i < 4; i++) {
            for (int lane = 0; lane < LANES; lane++) {
                arguments.putInt(ORDERS + i * 64 + lane * 4, lane ^ 1 << i);
            }
        }
        for (int group = 0; group < 2; group++) {
            for (int lane = 0; lane < LANES; lane++) {
                int key = key(group, lane);
                arguments.putInt(KEYS + group * 64 + lane * 4, key * dim);
                arguments.putInt(KEY_STEPS + group * 64 + lane * 4, key * Float.BYTES);
            }
        }
    }

    /** The key of a step that stands at a lane of a tile, so that packed pairs of vectors are in order. */
    private static int key(int group, int lane) {
        return lane / 4 * 8 + group * 4 + lane % 4;
    }

    /** Code for rows of heads of this many columns; called with the address of the arguments. */
    static byte[] rows(int dim, boolean coded) {
        Assembler a = new Assembler();
        int vectors = dim / LANES;
        a.load(FROM, new Mem(ARGS, SOURCE));
        a.load(ADVANCE, new Mem(ARGS, STRIDE));
        a.load(LEFT, new Mem(ARGS, COUNT));
        a.load(MEANS, new Mem(ARGS, MEAN));
        a.load(TO, new Mem(ARGS, CODES));
        a.load(TO_STEPS, new Mem(ARGS, STEPS));
        a.load(TO_SQUARES, new Mem(ARGS, SQUARES));
        for (int i = 0; i < 4; i++) {
            a.load(Z_ORDER + i, new Mem(ARGS, ORDERS + i * 64));
        }
        a.broadcast(Z_MOST, new Mem(ARGS, MOST));
        a.broadcast(Z_LEAST, new Mem(ARGS, LEAST));
        a.broadcast(Z_MAGNITUDE, new Mem(ARGS, MAGNITUDE));
        int start = a.here();
        a.subtract(SUM, Z_MOST, Z_MOST);
        a.copy(MAXIMUM, Z_LEAST);
        for (int i = 0; i < vectors; i++) {
            a.widen(i, new Mem(FROM, i * LANES * Short.BYTES));
            a.shiftLeft16(i, i);
            a.subtract(i, i, new Mem(MEANS, i * LANES * Float.BYTES));
            a.addProduct(SUM, i, i);
            a.and(T, i, Z_MAGNITUDE);
            a.maximum(MAXIMUM, MAXIMUM, T);
        }
        for (int i = 0; i < 4; i++) {
            a.permute(T, Z_ORDER + i, SUM);
            a.add(SUM, SUM, T);
        }
        a.storeOne(new Mem(TO_SQUARES, 0), SUM);
        if (coded) {
            codes(a, vectors);
        }
        a.add(FROM, ADVANCE);
        a.add(TO, dim);
        a.add(TO_STEPS, Float.BYTES);
        a.add(TO_SQUARES, Float.BYTES);
        a.decrement(LEFT);
        a.jumpBackIfNotZero(start);
        a.zeroUpper();
        a.ret();
        return a.code();
    }

    private static void codes(Assembler a, int vectors) {
        for (int i = 0; i < 4; i++) {
            a.permute(T, Z_ORDER + i, MAXIMUM);
            a.maximum(MAXIMUM, MAXIMUM, T);
        }
        a.divide(T, MAXIMUM, Z_MOST);
        a.storeOne(new Mem(TO_STEPS, 0), T);
        a.divide(T, Z_MOST, MAXIMUM);
        for (int i = 0; i < vectors; i++) {
            a.multiply(i, i, T);
            a.toIntegers(i, i);
            a.narrow(new Mem(TO, i * LANES), i);
        }
    }

    /** Code for heads of this many columns; called with the address of the arguments. */
    static byte[] tiles(int dim) {
        Assembler a = new Assembler();
        a.load(FROM, new Mem(ARGS, CODES));
        a.load(LEFT, new Mem(ARGS, COUNT));
        a.load(TO, new Mem(ARGS, TILES));
        a.load(MEANS, new Mem(ARGS, STEPS));
        a.load(TO_STEPS, new Mem(ARGS, TILE_STEPS));
        for (int group = 0; group < 2; group++) {
            a.load(Z_KEYS + group, new Mem(ARGS, KEYS + group * 64));
            a.load(Z_KEY_STEPS + group, new Mem(ARGS, KEY_STEPS + group * 64));
        }
        int start = a.here();
        int to = 0;
        for (int group = 0; group < 2; group++) {
            a.gather(0, new Mem(MEANS, 0), Z_KEY_STEPS + group);
            a.store(new Mem(TO_STEPS, group * 64), 0);
            for (int column = 0; column < dim; column += 4) {
                int vector = column / 4 % 8;
                a.gather(vector, new Mem(FROM, column), Z_KEYS + group);
                a.store(new Mem(TO, to), vector);
                to += 64;
            }
        }
        a.add(FROM, TileAttentionCode.STEP * dim);
        a.add(TO, TileAttentionCode.STEP * dim);
        a.add(MEANS, TileAttentionCode.STEP * Float.BYTES);
        a.add(TO_STEPS, TileAttentionCode.STEP * Float.BYTES);
        a.decrement(LEFT);
        a.jumpBackIfNotZero(start);
        a.zeroUpper();
        a.ret();
        return a.code();
    }

    /**
     * Code for heads of this many columns: rows at {@link #SOURCE}, each by the 16 partial sums at {@link #STEPS}, added to
     * what is at {@link #TOTAL}, go there; or, if this is the last context, to {@link #OUT}.
     *
     * @param first whether {@link #TOTAL} holds nothing yet
     */
    static byte[] finish(int dim, boolean first, boolean last) {
        Assembler a = new Assembler();
        int vectors = dim / LANES;
        a.load(FROM, new Mem(ARGS, SOURCE));
        a.load(ADVANCE, new Mem(ARGS, STRIDE));
        a.load(LEFT, new Mem(ARGS, COUNT));
        a.load(MEANS, new Mem(ARGS, STEPS));
        a.load(TO_SQUARES, new Mem(ARGS, TOTAL));
        a.load(TO, new Mem(ARGS, OUT));
        for (int i = 0; i < 4; i++) {
            a.load(Z_ORDER + i, new Mem(ARGS, ORDERS + i * 64));
        }
        a.broadcast(Z_MOST, new Mem(ARGS, ONE));
        int start = a.here();
        a.load(SUM, new Mem(MEANS, 0));
        for (int i = 0; i < 4; i++) {
            a.permute(T, Z_ORDER + i, SUM);
            a.add(SUM, SUM, T);
        }
        a.divide(SUM, Z_MOST, SUM);
        for (int i = 0; i < vectors; i++) {
            a.multiply(i, SUM, new Mem(FROM, i * 64));
            if (!first) {
                a.add(i, i, new Mem(TO_SQUARES, i * 64));
            }
            if (!last) {
                a.store(new Mem(TO_SQUARES, i * 64), i);
            } else if (i % 2 == 1) {
                a.toBf16(T, i, i - 1);
                a.store(new Mem(TO, (i - 1) * 32), T);
            }
        }
        a.add(FROM, dim * Float.BYTES);
        a.add(MEANS, 64);
        a.add(TO_SQUARES, dim * Float.BYTES);
        a.add(TO, ADVANCE);
        a.decrement(LEFT);
        a.jumpBackIfNotZero(start);
        a.zeroUpper();
        a.ret();
        return a.code();
    }
}
