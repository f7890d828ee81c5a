package io.wan4j.onednn;

import io.wan4j.onednn.Assembler.Mem;
import io.wan4j.onednn.Assembler.Reg;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The machine code of attention with one shift a row: for chunk after chunk of {@link #KEYS} keys and 32 queries at a
 * time, scores, their exponentials in BF16, and the products with the values, without leaving the first cache. In
 * pseudo-code:
 *
 * <pre>
 * for each chunk of keys:
 *   for each 32 rows of q:
 *     for each step of 32 keys:
 *       s[32,32] = q k^T                          16 tile products for 128 columns in BF16, 8 in INT8
 *       p = 2^(s * scale + minusShift[row])       {@link TileExponentials}; the last step's times mask
 *     for each 32 columns of o:
 *       o += p v                                  stays in tiles over all steps
 *     sums[row] += p                              beside the products
 * </pre>
 *
 * <p>q and o are row-major; k and v are packed by {@link TileKeys} so that every tile is 1 KiB in one piece. Tiles 0 to 3
 * hold sums, 4 and 5 rows of the left, 6 and 7 columns of the right operand. Tiles and vectors are units of their own: the
 * scores of the next step are computed between the exponentials of this one.
 */
final class TileAttentionCode {
    /** Keys of a chunk. */
    static final int KEYS = 512;

    /** Rows and keys of a step. */
    static final int STEP = 32;

    /** Most rows of queries of a call. */
    static final int ROWS = 512;

    /** Bytes of a tile. */
    static final int TILE = 1024;

    /** Bytes of a step's exponentials. */
    private static final int WEIGHTS = 2 * TILE;
    /**
     * From one buffer of scores to the other: a row's exponentials must not be stored where, but for the upper bits of the
     * address, scores are that are still to be loaded.
     */
    private static final int NEXT_SCORES = 6 * TILE;

    private static final int FIRST_WEIGHTS = 12 * TILE;

    /** Bytes of scratch: scores of two steps, then exponentials of all. */
    static final int SCRATCH = FIRST_WEIGHTS + KEYS / STEP * WEIGHTS;

    /** Offsets of the arguments: first pointers and counts of 8 bytes, then floats and tables, then the tiles' configuration. */
    static final int Q = 0;

    static final int K = 8;
    static final int V = 16;
    static final int O = 24;
    static final int SUMS = 32;
    /** F32 for each row; in INT8 {@link #ROWS} places further, the scale of each row. */
    static final int MINUS_SHIFT = 40;

    static final int SCRATCH_AT = 48;
    /** Blocks of 32 rows. */
    static final int BLOCKS = 56;
    /** Steps of 32 keys in a chunk. */
    static final int STEPS = 64;
    /** Bytes between packed columns of v: a tile for each step. */
    static final int V_STRIDE = 72;

    static final int CHUNKS = 80;
    /** Bytes between chunks. */
    static final int CHUNK_STRIDE = 88;
    /** 1 if o and sums hold nothing yet, else 0. */
    static final int FRESH = 96;

    /** Where the exponentials' constants begin. */
    static final int CONSTANTS = 128;

    static final int CONFIGURATION = 640;

    /** Bytes of the arguments. */
    static final int ARGUMENTS = 704;

    static final Reg ARGS = Reg.RDI;
    private static final Reg QUERIES = Reg.RSI;
    private static final Reg RIGHT = Reg.RDX;
    private static final Reg OTHER_RIGHT = Reg.RCX;
    private static final Reg OUT = Reg.R8;
    private static final Reg ROW_SUMS = Reg.R9;
    static final Reg SHIFTS = Reg.R10;
    private static final Reg BUFFER = Reg.R11;
    private static final Reg COUNT = Reg.RAX;
    static final Reg LEFT = Reg.RBP;
    private static final Reg ROWS_LEFT = Reg.RBX;
    private static final Reg STRIDE_64 = Reg.R12;
    private static final Reg STRIDE_128 = Reg.R13;
    private static final Reg OUT_STRIDE = Reg.R14;
    /** Where the scores are whose exponentials are computed, and where the next ones go; free before the products. */
    static final Reg CURRENT = Reg.R14;

    private static final Reg NEXT = Reg.RCX;
    /** In BF16. */
    private static final Reg QUERY_STRIDE = Reg.R15;
    /** Scales of the step's keys, in INT8. */
    static final Reg KEY_SCALES = Reg.R15;

    private static final Reg[] SAVED = {Reg.RBX, Reg.RBP, Reg.R12, Reg.R13, Reg.R14, Reg.R15};

    private final int dim;
    private final TileExponentials exponentials;
    private final boolean bytes;
    /** Tiles that hold the columns of 16 keys. */
    private final int slices;

    private final Reg queryStride;

    private TileAttentionCode(int dim, OneDnnOptions.Attention format) {
        this.dim = dim;
        this.bytes = format == OneDnnOptions.Attention.INT8;
        this.exponentials = new TileExponentials(format);
        this.slices = dim / (bytes ? 64 : 32);
        this.queryStride = !bytes ? QUERY_STRIDE : dim == 64 ? STRIDE_64 : STRIDE_128;
    }

    /** Whether there is code for heads of this many columns. */
    static boolean takes(int dim, OneDnnOptions.Attention format) {
        return format == OneDnnOptions.Attention.INT8 ? dim == 64 || dim == 128 : dim % 32 == 0 && dim >= 64;
    }

    /** Code for heads of this many columns; called with the address of the arguments. */
    static byte[] generate(int dim, OneDnnOptions.Attention format) {
        return new TileAttentionCode(dim, format).all();
    }

    private byte[] all() {
        Assembler a = new Assembler();
        enter(a);
        int chunk = a.here();
        a.load(QUERIES, new Mem(ARGS, Q));
        a.load(OUT, new Mem(ARGS, O));
        a.load(ROW_SUMS, new Mem(ARGS, SUMS));
        a.load(SHIFTS, new Mem(ARGS, MINUS_SHIFT));
        a.load(ROWS_LEFT, new Mem(ARGS, BLOCKS));
        int block = a.here();
        block(a);
        a.add(QUERIES, STEP * dim * (bytes ? 1 : Short.BYTES));
        a.add(OUT, STEP * dim * Float.BYTES);
        a.add(ROW_SUMS, STEP * 64);
        a.add(SHIFTS, STEP * Float.BYTES);
        a.decrement(ROWS_LEFT);
        a.jumpBackIfNotZero(block);
        for (int pointer : new int[] {K, V}) {
            a.load(LEFT, new Mem(ARGS, pointer));
            a.load(COUNT, new Mem(ARGS, CHUNK_STRIDE));
            a.add(LEFT, COUNT);
            a.store(new Mem(ARGS, pointer), LEFT);
        }
        a.move(COUNT, 0);
        a.store(new Mem(ARGS, FRESH), COUNT);
        a.load(COUNT, new Mem(ARGS, CHUNKS));
        a.decrement(COUNT);
        a.store(new Mem(ARGS, CHUNKS), COUNT);
        a.jumpBackIfNotZero(chunk);
        leave(a);
        return a.code();
    }

    private void enter(Assembler a) {
        for (Reg r : SAVED) {
            a.push(r);
        }
        a.configureTiles(new Mem(ARGS, CONFIGURATION));
        exponentials.constants(a);
        a.load(BUFFER, new Mem(ARGS, SCRATCH_AT));
        a.move(STRIDE_64, 64);
        a.move(STRIDE_128, 128);
        if (!bytes) {
            a.move(QUERY_STRIDE, dim * Short.BYTES);
        }
    }

    private static void leave(Assembler a) {
        a.releaseTiles();
        a.zeroUpper();
        for (int i = SAVED.length - 1; i >= 0; i--) {
            a.pop(SAVED[i]);
        }
        a.ret();
    }

    /** 32 rows of queries with a chunk of keys. */
    private void block(Assembler a) {
        a.load(RIGHT, new Mem(ARGS, K));
        if (bytes) {
            a.move(KEY_SCALES, RIGHT);
            a.add(KEY_SCALES, KEYS * dim);
        }
        a.move(CURRENT, BUFFER);
        a.move(NEXT, BUFFER);
        a.add(NEXT, NEXT_SCORES);
        a.move(LEFT, BUFFER);
        a.add(LEFT, FIRST_WEIGHTS);
        scores(CURRENT).forEach(instruction -> instruction.accept(a));
        a.load(COUNT, new Mem(ARGS, STEPS));
        a.decrement(COUNT);
        a.jumpIfZero(steps());
        exponentials.of32Rows(true).forEach(instruction -> instruction.accept(a));
        products(a);
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
        List<Consumer<Assembler>> vectors = exponentials.of32Rows(false);
        int done = 0;
        for (int i = 0; i < vectors.size(); i++) {
            vectors.get(i).accept(a);
            int due = (i + 1) * products.size() / vectors.size();
            for (; done < due; done++) {
                products.get(done).accept(a);
            }
        }
        a.exchange(CURRENT, NEXT);
        a.add(LEFT, WEIGHTS);
        if (bytes) {
            a.add(KEY_SCALES, STEP * Float.BYTES);
        }
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
        int lower = 16 * dim * (bytes ? 1 : Short.BYTES);
        for (int slice = 0; slice < slices; slice++) {
            int s = slice;
            all.add(a -> a.loadTile(4, new Mem(QUERIES, s * 64), queryStride));
            all.add(a -> a.loadTile(6, new Mem(RIGHT, s * TILE), STRIDE_64));
            all.add(a -> multiply(a, 0, 4, 6));
            all.add(a -> a.loadTile(5, new Mem(QUERIES, s * 64 + lower), queryStride));
            all.add(a -> multiply(a, 2, 5, 6));
            all.add(a -> a.loadTile(7, new Mem(RIGHT, (slices + s) * TILE), STRIDE_64));
            all.add(a -> multiply(a, 1, 4, 7));
            all.add(a -> multiply(a, 3, 5, 7));
        }
        for (int tile = 0; tile < 4; tile++) {
            Mem place = new Mem(target, tile / 2 * 16 * 128 + tile % 2 * 64);
            int t = tile;
            all.add(a -> a.storeTile(place, STRIDE_128, t));
        }
        return all;
    }

    private void multiply(Assembler a, int sums, int left, int right) {
        if (bytes) {
            a.multiplyByteTiles(sums, left, right);
        } else {
            a.multiplyTiles(sums, left, right);
        }
    }

    /** o += p v, 32 columns at a time; and with each, the sums of some rows of p. */
    private void products(Assembler a) {
        int groups = dim / STEP;
        int rows = (STEP + groups - 1) / groups;
        a.move(OUT_STRIDE, dim * Float.BYTES);
        a.load(OTHER_RIGHT, new Mem(ARGS, V));
        for (int s = 0; s < groups; s++) {
            int first = s * rows;
            int count = Math.min(rows, STEP - first);
            // Where the columns before ended, the next begin.
            a.move(RIGHT, OTHER_RIGHT);
            a.load(COUNT, new Mem(ARGS, V_STRIDE));
            a.add(OTHER_RIGHT, COUNT);
            a.move(LEFT, BUFFER);
            a.add(LEFT, FIRST_WEIGHTS);
            for (int tile = 0; tile < 4; tile++) {
                a.zeroTile(tile);
            }
            for (int r = 0; r < count; r++) {
                a.copy(r, TileExponentials.ZEROS);
            }
            a.load(COUNT, new Mem(ARGS, FRESH));
            a.decrement(COUNT);
            a.jumpIfZero(former(s, first, count));
            a.load(COUNT, new Mem(ARGS, STEPS));
            int start = a.here();
            a.loadTile(4, new Mem(LEFT, 0), STRIDE_64);
            a.loadTile(6, new Mem(RIGHT, 0), STRIDE_64);
            a.multiplyTiles(0, 4, 6);
            a.loadTile(5, new Mem(LEFT, TILE), STRIDE_64);
            a.multiplyTiles(2, 5, 6);
            a.loadTile(7, new Mem(OTHER_RIGHT, 0), STRIDE_64);
            a.multiplyTiles(1, 4, 7);
            a.multiplyTiles(3, 5, 7);
            for (int r = 0; r < count; r++) {
                a.addProductBf16(r, TileExponentials.ONES, new Mem(LEFT, (first + r) * 64));
            }
            a.add(LEFT, WEIGHTS);
            a.add(RIGHT, TILE);
            a.add(OTHER_RIGHT, TILE);
            a.decrement(COUNT);
            a.jumpBackIfNotZero(start);
            for (int tile = 0; tile < 4; tile++) {
                a.storeTile(out(s, tile), OUT_STRIDE, tile);
            }
            for (int r = 0; r < count; r++) {
                a.store(new Mem(ROW_SUMS, (first + r) * 64), r);
            }
        }
    }

    /** Loads what earlier chunks gave. */
    private byte[] former(int slice, int firstRow, int count) {
        Assembler a = new Assembler();
        for (int tile = 0; tile < 4; tile++) {
            a.loadTile(tile, out(slice, tile), OUT_STRIDE);
        }
        for (int r = 0; r < count; r++) {
            a.load(r, new Mem(ROW_SUMS, (firstRow + r) * 64));
        }
        return a.code();
    }

    private Mem out(int slice, int tile) {
        return new Mem(OUT, tile / 2 * 16 * dim * Float.BYTES + slice * 128 + tile % 2 * 64);
    }
}
