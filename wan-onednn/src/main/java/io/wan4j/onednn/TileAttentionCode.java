package io.wan4j.onednn;

import io.wan4j.onednn.Assembler.Mem;
import io.wan4j.onednn.Assembler.Reg;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * The machine code of attention with one shift a row: for 32 queries at a time, scores of up to {@link #KEYS} keys,
 * their exponentials in BF16, and the products with the values, without leaving the first cache. In pseudo-code:
 *
 * <pre>
 * for each 32 rows of q:
 *   for each step of 32 keys:
 *     s[32,32] = q k^T                            16 tile products for 128 columns
 *     p = 2^(s * scale + minusShift[row])         degree 3 on [-1/2, 1/2], relative error 8e-5
 *     sums[row] += p;  last step: p *= mask
 *   for each 32 columns of o:
 *     o += p v                                    sums stay in tiles over all steps
 * </pre>
 *
 * <p>q and o are row-major; k and v are packed by {@link TileKeys} so that every tile is 1 KiB in one piece. Tiles 0 to 3
 * hold sums, 4 and 5 rows of the left, 6 and 7 columns of the right operand.
 */
final class TileAttentionCode {
    /** Keys for which one call computes. */
    static final int KEYS = 512;

    /** Rows and keys of a step. */
    static final int STEP = 32;

    /** Bytes of a tile. */
    static final int TILE = 1024;

    /** Bytes of a step's exponentials. */
    private static final int WEIGHTS = 2 * TILE;
    /** Bytes of a step's scores. */
    private static final int SCORES = 4 * TILE;

    /** Bytes of scratch: scores of two steps, then exponentials of all. */
    static final int SCRATCH = 2 * SCORES + KEYS / STEP * WEIGHTS;

    /** Offsets of the arguments: first pointers and counts of 8 bytes, then floats, then the tiles' configuration. */
    static final int Q = 0;

    static final int K = 8;
    static final int V = 16;
    static final int O = 24;
    static final int SUMS = 32;
    static final int MINUS_SHIFT = 40;
    static final int SCRATCH_AT = 48;
    /** Blocks of 32 rows. */
    static final int BLOCKS = 56;
    /** Steps of 32 keys. */
    static final int STEPS = 64;
    /** Bytes between packed columns of v: a tile for each step. */
    static final int V_STRIDE = 72;

    static final int SCALE = 80;
    static final int FLOOR = 84;
    static final int COEFFICIENTS = 88;
    static final int HIGH_HALF = 104;
    /** 32 floats: 1 for the keys of the last step that exist, 0 for the others. */
    static final int MASK = 128;

    static final int CONFIGURATION = 256;

    /** Bytes of the arguments. */
    static final int ARGUMENTS = 320;

    /** 2^x on [-1/2, 1/2]. */
    static final float[] POWER_OF_TWO = {0.99992894f, 0.69327624f, 0.24260405f, 0.05508868f};

    private static final Reg ARGS = Reg.RDI;
    private static final Reg QUERIES = Reg.RSI;
    private static final Reg RIGHT = Reg.RDX;
    private static final Reg OTHER_RIGHT = Reg.RCX;
    private static final Reg OUT = Reg.R8;
    private static final Reg ROW_SUMS = Reg.R9;
    private static final Reg SHIFTS = Reg.R10;
    private static final Reg BUFFER = Reg.R11;
    private static final Reg COUNT = Reg.RAX;
    private static final Reg LEFT = Reg.RBP;
    private static final Reg ROWS_LEFT = Reg.RBX;
    private static final Reg STRIDE_64 = Reg.R12;
    private static final Reg STRIDE_128 = Reg.R13;
    private static final Reg OUT_STRIDE = Reg.R14;
    /** Where the scores are whose exponentials are computed, and where the next ones go; free before the products. */
    private static final Reg CURRENT = Reg.R14;

    private static final Reg NEXT = Reg.RCX;
    private static final Reg QUERY_STRIDE = Reg.R15;
    private static final Reg[] SAVED = {Reg.RBX, Reg.RBP, Reg.R12, Reg.R13, Reg.R14, Reg.R15};

    /** Four vectors each: scores, then fractions; their whole parts; powers of two. */
    private static final int X = 0;

    private static final int WHOLE = 4;
    private static final int POWER = 8;
    private static final int Z_SCALE = 16;
    private static final int Z_FLOOR = 17;
    private static final int Z_POWER = 18;
    private static final int Z_HIGH_HALF = 22;
    private static final int Z_MASK = 24;

    private final int dim;
    private final int slices;

    /** @param dim columns of a head, a multiple of 32 */
    private TileAttentionCode(int dim) {
        this.dim = dim;
        this.slices = dim / STEP;
    }

    /** Code for heads of this many columns; called with the address of the arguments. */
    static byte[] generate(int dim) {
        return new TileAttentionCode(dim).all();
    }

    private byte[] all() {
        Assembler a = new Assembler();
        enter(a);
        int block = a.here();
        a.load(RIGHT, new Mem(ARGS, K));
        a.move(CURRENT, BUFFER);
        a.move(NEXT, BUFFER);
        a.add(NEXT, SCORES);
        a.move(LEFT, BUFFER);
        a.add(LEFT, 2 * SCORES);
        scores(CURRENT).forEach(instruction -> instruction.accept(a));
        a.load(COUNT, new Mem(ARGS, STEPS));
        a.decrement(COUNT);
        a.jumpIfZero(steps());
        exponentials(true).forEach(instruction -> instruction.accept(a));
        products(a);
        a.add(QUERIES, STEP * dim * Short.BYTES);
        a.add(OUT, STEP * dim * Float.BYTES);
        a.add(ROW_SUMS, STEP * 64);
        a.add(SHIFTS, STEP * Float.BYTES);
        a.decrement(ROWS_LEFT);
        a.jumpBackIfNotZero(block);
        leave(a);
        return a.code();
    }

    private void enter(Assembler a) {
        for (Reg r : SAVED) {
            a.push(r);
        }
        a.configureTiles(new Mem(ARGS, CONFIGURATION));
        a.broadcast(Z_SCALE, new Mem(ARGS, SCALE));
        a.broadcast(Z_FLOOR, new Mem(ARGS, FLOOR));
        for (int i = 0; i < POWER_OF_TWO.length; i++) {
            a.broadcast(Z_POWER + i, new Mem(ARGS, COEFFICIENTS + i * Float.BYTES));
        }
        a.broadcast(Z_HIGH_HALF, new Mem(ARGS, HIGH_HALF));
        a.load(Z_MASK, new Mem(ARGS, MASK));
        a.load(Z_MASK + 1, new Mem(ARGS, MASK + 64));
        a.load(QUERIES, new Mem(ARGS, Q));
        a.load(OUT, new Mem(ARGS, O));
        a.load(ROW_SUMS, new Mem(ARGS, SUMS));
        a.load(SHIFTS, new Mem(ARGS, MINUS_SHIFT));
        a.load(BUFFER, new Mem(ARGS, SCRATCH_AT));
        a.load(ROWS_LEFT, new Mem(ARGS, BLOCKS));
        a.move(STRIDE_64, 64);
        a.move(STRIDE_128, 128);
        a.move(QUERY_STRIDE, dim * Short.BYTES);
    }

    private static void leave(Assembler a) {
        a.releaseTiles();
        a.zeroUpper();
        for (int i = SAVED.length - 1; i >= 0; i--) {
            a.pop(SAVED[i]);
        }
        a.ret();
    }

    /**
     * All steps but the last. The tiles' products of the next step stand between the vectors' instructions of this one, so
     * that both units are busy.
     */
    private byte[] steps() {
        Assembler a = new Assembler();
        int start = a.here();
        a.add(RIGHT, 2 * slices * TILE);
        List<Consumer<Assembler>> products = scores(NEXT);
        List<Consumer<Assembler>> exponentials = exponentials(false);
        int done = 0;
        for (int i = 0; i < exponentials.size(); i++) {
            exponentials.get(i).accept(a);
            int due = (i + 1) * products.size() / exponentials.size();
            for (; done < due; done++) {
                products.get(done).accept(a);
            }
        }
        a.exchange(CURRENT, NEXT);
        a.add(LEFT, WEIGHTS);
        a.decrement(COUNT);
        a.jumpBackIfNotZero(start);
        return a.code();
    }

    /** Scores of 32 queries and 32 keys. */
    private List<Consumer<Assembler>> scores(Reg target) {
        List<Consumer<Assembler>> all = new ArrayList<>();
        for (int tile = 0; tile < 4; tile++) {
            int t = tile;
            all.add(a -> a.zeroTile(t));
        }
        for (int slice = 0; slice < slices; slice++) {
            int s = slice;
            all.add(a -> a.loadTile(4, new Mem(QUERIES, s * 64), QUERY_STRIDE));
            all.add(a -> a.loadTile(6, new Mem(RIGHT, s * TILE), STRIDE_64));
            all.add(a -> a.multiplyTiles(0, 4, 6));
            all.add(a -> a.loadTile(5, new Mem(QUERIES, s * 64 + 16 * dim * Short.BYTES), QUERY_STRIDE));
            all.add(a -> a.multiplyTiles(2, 5, 6));
            all.add(a -> a.loadTile(7, new Mem(RIGHT, (slices + s) * TILE), STRIDE_64));
            all.add(a -> a.multiplyTiles(1, 4, 7));
            all.add(a -> a.multiplyTiles(3, 5, 7));
        }
        for (int tile = 0; tile < 4; tile++) {
            Mem place = new Mem(target, tile / 2 * 16 * 128 + tile % 2 * 64);
            int t = tile;
            all.add(a -> a.storeTile(place, STRIDE_128, t));
        }
        return all;
    }

    /** Exponentials of a step's scores; masked those of keys that exist. */
    private static List<Consumer<Assembler>> exponentials(boolean masked) {
        List<Consumer<Assembler>> all = new ArrayList<>();
        for (int row = 0; row < STEP; row += 2) {
            exponentials(all, row, masked);
        }
        return all;
    }

    /** Two rows of exponentials: four vectors, so that their instructions overlap. */
    private static void exponentials(List<Consumer<Assembler>> all, int row, boolean masked) {
        vectors(all, i -> a -> a.load(X + i, new Mem(CURRENT, (row + i / 2) * 128 + i % 2 * 64)));
        vectors(all, i -> a -> a.multiplyAddBroadcast(X + i, Z_SCALE, new Mem(SHIFTS, (row + i / 2) * Float.BYTES)));
        vectors(all, i -> a -> a.maximum(X + i, X + i, Z_FLOOR));
        vectors(all, i -> a -> a.round(WHOLE + i, X + i));
        vectors(all, i -> a -> a.copy(POWER + i, Z_POWER + 2));
        vectors(all, i -> a -> a.subtract(X + i, X + i, WHOLE + i));
        vectors(all, i -> a -> a.addProduct(POWER + i, X + i, Z_POWER + 3));
        vectors(all, i -> a -> a.multiplyAdd(POWER + i, X + i, Z_POWER + 1));
        vectors(all, i -> a -> a.multiplyAdd(POWER + i, X + i, Z_POWER));
        vectors(all, i -> a -> a.scale(POWER + i, POWER + i, WHOLE + i));
        if (masked) {
            vectors(all, i -> a -> a.multiply(POWER + i, POWER + i, Z_MASK + i % 2));
        }
        sums(all, row);
        sums(all, row + 1);
    }

    private static void vectors(List<Consumer<Assembler>> all, IntFunction<Consumer<Assembler>> instruction) {
        for (int i = 0; i < 4; i++) {
            all.add(instruction.apply(i));
        }
    }

    /** Rounds a row and adds it to its sum. What is summed is what is multiplied: the rounded values. */
    private static void sums(List<Consumer<Assembler>> all, int row) {
        int low = POWER + row % 2 * 2;
        int even = X + row % 2 * 2;
        int odd = even + 1;
        Mem sum = new Mem(ROW_SUMS, row * 64);
        all.add(a -> a.toBf16(low, low + 1, low));
        all.add(a -> a.store(new Mem(LEFT, row * 64), low));
        all.add(a -> a.shiftLeft16(even, low));
        all.add(a -> a.and(odd, low, Z_HIGH_HALF));
        all.add(a -> a.add(even, even, odd));
        all.add(a -> a.add(even, even, sum));
        all.add(a -> a.store(sum, even));
    }

    /** o += p v, 32 columns at a time. */
    private void products(Assembler a) {
        a.move(OUT_STRIDE, dim * Float.BYTES);
        a.load(OTHER_RIGHT, new Mem(ARGS, V));
        for (int s = 0; s < slices; s++) {
            // Where the columns before ended, the next begin.
            a.move(RIGHT, OTHER_RIGHT);
            a.load(COUNT, new Mem(ARGS, V_STRIDE));
            a.add(OTHER_RIGHT, COUNT);
            a.load(COUNT, new Mem(ARGS, STEPS));
            a.move(LEFT, BUFFER);
            a.add(LEFT, 2 * SCORES);
            for (int tile = 0; tile < 4; tile++) {
                a.loadTile(tile, out(s, tile), OUT_STRIDE);
            }
            int start = a.here();
            a.loadTile(4, new Mem(LEFT, 0), STRIDE_64);
            a.loadTile(6, new Mem(RIGHT, 0), STRIDE_64);
            a.multiplyTiles(0, 4, 6);
            a.loadTile(5, new Mem(LEFT, TILE), STRIDE_64);
            a.multiplyTiles(2, 5, 6);
            a.loadTile(7, new Mem(OTHER_RIGHT, 0), STRIDE_64);
            a.multiplyTiles(1, 4, 7);
            a.multiplyTiles(3, 5, 7);
            a.add(LEFT, WEIGHTS);
            a.add(RIGHT, TILE);
            a.add(OTHER_RIGHT, TILE);
            a.decrement(COUNT);
            a.jumpBackIfNotZero(start);
            for (int tile = 0; tile < 4; tile++) {
                a.storeTile(out(s, tile), OUT_STRIDE, tile);
            }
        }
    }

    private Mem out(int slice, int tile) {
        return new Mem(OUT, tile / 2 * 16 * dim * Float.BYTES + slice * 128 + tile % 2 * 64);
    }
}
