package io.wan4j.onednn;

import io.wan4j.onednn.Assembler.Mem;
import io.wan4j.onednn.Assembler.Reg;

/**
 * The machine code of a convolution of stride 1 on a patch of pictures, for 32 output channels. A patch is stored with
 * its borders, row after row, so that the input of an output pixel m at a tap is the pixel {@code m + offset} and a tile
 * is 16 pixels by 32 channels in place; the pixels between the rows give sums that nobody reads. In pseudo-code:
 *
 * <pre>
 * for each chunk:                                 a tap in time and rows, some channels: its weights stay in the first cache
 *   for each 32 pixels:
 *     s[32,32] += x[32 pixels, taps of a row and channels] w      sums of the first chunk begin at zero
 * for each pixel that is wanted:
 *   out = s + bias, or out += s + bias
 * </pre>
 *
 * <p>Tiles 0 to 3 hold sums, 4 and 5 pixels, 6 and 7 weights, which {@link TileConvolutionWeight} has packed.
 */
final class TileConvolutionCode {
    /** Pixels of a block, and output channels of a call. */
    static final int BLOCK = 32;

    /** Bytes of a tile. */
    static final int TILE = 1024;

    /** Bytes of sums of a pixel. */
    static final int SUMS = BLOCK * Float.BYTES;

    /** Offsets of the arguments: pointers and counts of 8 bytes. */
    static final int CHUNKS = 0;
    /** Blocks of pixels. */
    static final int BLOCKS = 8;

    static final int SUMS_AT = 16;
    static final int OUT = 24;
    /** Rows and columns that are wanted. */
    static final int ROWS = 32;

    static final int COLUMNS = 40;
    /** Bytes between pixels of the result; from the end of its row to the next; the same for the sums. */
    static final int OUT_STEP = 48;

    static final int OUT_SKIP = 56;
    static final int SUMS_SKIP = 64;
    /** 32 floats. */
    static final int BIAS = 128;

    static final int CONFIGURATION = 256;
    /** For each chunk the addresses of its first pixel and of its weights. */
    static final int CHUNK_LIST = 320;

    /** Bytes of an entry of the list. */
    static final int CHUNK = 16;

    /** How results leave. */
    enum Result {
        /** F32 instead of what was there. */
        F32,
        /** BF16 instead of what was there. */
        BF16,
        /** Added to F32. */
        ADD_TO_F32
    }

    /**
     * What the code depends on.
     *
     * @param taps in a row
     * @param slices of 32 channels in a chunk
     * @param pixelBytes from a pixel of the patch to the next
     */
    record Key(int taps, int slices, int pixelBytes, Result result) {}

    private static final Reg ARGS = Reg.RDI;
    private static final Reg LEFT = Reg.RSI;
    private static final Reg RIGHT = Reg.RDX;
    private static final Reg SUM = Reg.R8;
    private static final Reg LIST = Reg.R9;
    private static final Reg COUNT = Reg.RAX;
    private static final Reg CHUNKS_LEFT = Reg.RCX;
    private static final Reg PIXEL_STRIDE = Reg.R10;
    private static final Reg STRIDE_64 = Reg.R11;
    private static final Reg STRIDE_128 = Reg.RBX;
    /** Of the last part, which needs no operands any more. */
    private static final Reg TARGET = Reg.RSI;

    private static final Reg STEP = Reg.RDX;
    private static final Reg TARGET_SKIP = Reg.R10;
    private static final Reg SUM_SKIP = Reg.R11;
    private static final Reg ROWS_LEFT = Reg.RCX;

    private static final int Z = 0;
    private static final int Z_BIAS = 2;

    private final Key key;

    private TileConvolutionCode(Key key) {
        this.key = key;
    }

    /** Code to be called with the address of the arguments. */
    static byte[] generate(Key key) {
        return new TileConvolutionCode(key).all();
    }

    private byte[] all() {
        Assembler a = new Assembler();
        a.push(STRIDE_128);
        a.configureTiles(new Mem(ARGS, CONFIGURATION));
        a.load(CHUNKS_LEFT, new Mem(ARGS, CHUNKS));
        a.move(LIST, ARGS);
        a.add(LIST, CHUNK_LIST);
        a.move(PIXEL_STRIDE, key.pixelBytes());
        a.move(STRIDE_64, 64);
        a.move(STRIDE_128, 128);
        chunk(a, true);
        a.decrement(CHUNKS_LEFT);
        a.jumpIfZero(moreChunks());
        a.releaseTiles();
        results(a);
        a.zeroUpper();
        a.pop(STRIDE_128);
        a.ret();
        return a.code();
    }

    private byte[] moreChunks() {
        Assembler a = new Assembler();
        int start = a.here();
        chunk(a, false);
        a.decrement(CHUNKS_LEFT);
        a.jumpBackIfNotZero(start);
        return a.code();
    }

    /** The sums of all pixels over one chunk. */
    private void chunk(Assembler a, boolean first) {
        a.load(LEFT, new Mem(LIST, 0));
        a.load(RIGHT, new Mem(LIST, 8));
        a.add(LIST, CHUNK);
        a.load(SUM, new Mem(ARGS, SUMS_AT));
        a.load(COUNT, new Mem(ARGS, BLOCKS));
        int start = a.here();
        for (int tile = 0; tile < 4; tile++) {
            if (first) {
                a.zeroTile(tile);
            } else {
                a.loadTile(tile, sum(tile), STRIDE_128);
            }
        }
        for (int tap = 0; tap < key.taps(); tap++) {
            for (int slice = 0; slice < key.slices(); slice++) {
                products(a, tap * key.pixelBytes() + slice * 64, (tap * key.slices() + slice) * 2 * TILE);
            }
        }
        for (int tile = 0; tile < 4; tile++) {
            a.storeTile(sum(tile), STRIDE_128, tile);
        }
        a.add(LEFT, BLOCK * key.pixelBytes());
        a.add(SUM, BLOCK * SUMS);
        a.decrement(COUNT);
        a.jumpBackIfNotZero(start);
    }

    private void products(Assembler a, int left, int right) {
        a.loadTile(4, new Mem(LEFT, left), PIXEL_STRIDE);
        a.loadTile(6, new Mem(RIGHT, right), STRIDE_64);
        a.multiplyTiles(0, 4, 6);
        a.loadTile(5, new Mem(LEFT, left + 16 * key.pixelBytes()), PIXEL_STRIDE);
        a.multiplyTiles(2, 5, 6);
        a.loadTile(7, new Mem(RIGHT, right + TILE), STRIDE_64);
        a.multiplyTiles(1, 4, 7);
        a.multiplyTiles(3, 5, 7);
    }

    private static Mem sum(int tile) {
        return new Mem(SUM, tile / 2 * 16 * SUMS + tile % 2 * 64);
    }

    private void results(Assembler a) {
        a.load(Z_BIAS, new Mem(ARGS, BIAS));
        a.load(Z_BIAS + 1, new Mem(ARGS, BIAS + 64));
        a.load(SUM, new Mem(ARGS, SUMS_AT));
        a.load(TARGET, new Mem(ARGS, OUT));
        a.load(STEP, new Mem(ARGS, OUT_STEP));
        a.load(TARGET_SKIP, new Mem(ARGS, OUT_SKIP));
        a.load(SUM_SKIP, new Mem(ARGS, SUMS_SKIP));
        a.load(ROWS_LEFT, new Mem(ARGS, ROWS));
        int row = a.here();
        a.load(COUNT, new Mem(ARGS, COLUMNS));
        int pixel = a.here();
        for (int half = 0; half < 2; half++) {
            a.load(Z + half, new Mem(SUM, half * 64));
            a.add(Z + half, Z + half, Z_BIAS + half);
            if (key.result() == Result.ADD_TO_F32) {
                a.add(Z + half, Z + half, new Mem(TARGET, half * 64));
            }
            if (key.result() != Result.BF16) {
                a.store(new Mem(TARGET, half * 64), Z + half);
            }
        }
        if (key.result() == Result.BF16) {
            a.toBf16(Z, Z + 1, Z);
            a.store(new Mem(TARGET, 0), Z);
        }
        a.add(TARGET, STEP);
        a.add(SUM, SUMS);
        a.decrement(COUNT);
        a.jumpBackIfNotZero(pixel);
        a.add(TARGET, TARGET_SKIP);
        a.add(SUM, SUM_SKIP);
        a.decrement(ROWS_LEFT);
        a.jumpBackIfNotZero(row);
    }
}
