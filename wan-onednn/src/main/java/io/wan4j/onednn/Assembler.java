package io.wan4j.onednn;

import java.io.ByteArrayOutputStream;

/**
 * The few instructions of x86-64 that {@link TileAttentionCode} needs: AVX-512 and AMX, encoded as Intel's Software
 * Developer's Manual, volume 2, says. Memory operands always have a 32-bit displacement; RSP and R12 are no bases.
 */
final class Assembler {
    /** General registers by their number. */
    enum Reg {
        RAX(0),
        RCX(1),
        RDX(2),
        RBX(3),
        RSP(4),
        RBP(5),
        RSI(6),
        RDI(7),
        R8(8),
        R9(9),
        R10(10),
        R11(11),
        R12(12),
        R13(13),
        R14(14),
        R15(15);

        private final int number;

        Reg(int number) {
            this.number = number;
        }

        private int low() {
            return number & 7;
        }

        private int high() {
            return number >> 3;
        }
    }

    /** Memory at a register plus a displacement. */
    record Mem(Reg base, int displacement) {}

    /** Opcode maps and mandatory prefixes, as EVEX and VEX encode them. */
    private static final int MAP_0F = 1;

    private static final int MAP_0F38 = 2;
    private static final int MAP_0F3A = 3;
    private static final int NO_PREFIX = 0;
    private static final int PREFIX_66 = 1;
    private static final int PREFIX_F3 = 2;
    private static final int PREFIX_F2 = 3;

    /** One EVEX instruction: map, prefix and opcode; always 512 bits, W0. */
    private record Evex(int map, int prefix, int opcode) {}

    private static final Evex LOAD = new Evex(MAP_0F, NO_PREFIX, 0x10);
    private static final Evex STORE = new Evex(MAP_0F, NO_PREFIX, 0x11);
    private static final Evex BROADCAST = new Evex(MAP_0F38, PREFIX_66, 0x18);
    private static final Evex ADD = new Evex(MAP_0F, NO_PREFIX, 0x58);
    private static final Evex MULTIPLY = new Evex(MAP_0F, NO_PREFIX, 0x59);
    private static final Evex SUBTRACT = new Evex(MAP_0F, NO_PREFIX, 0x5C);
    private static final Evex MINIMUM = new Evex(MAP_0F, NO_PREFIX, 0x5D);
    private static final Evex MAXIMUM = new Evex(MAP_0F, NO_PREFIX, 0x5F);
    private static final Evex FMA_213 = new Evex(MAP_0F38, PREFIX_66, 0xA8);
    private static final Evex FMA_231 = new Evex(MAP_0F38, PREFIX_66, 0xB8);
    private static final Evex COPY = new Evex(MAP_0F, NO_PREFIX, 0x28);
    private static final Evex ROUND = new Evex(MAP_0F3A, PREFIX_66, 0x08);
    private static final Evex SCALE = new Evex(MAP_0F38, PREFIX_66, 0x2C);
    private static final Evex AND = new Evex(MAP_0F, PREFIX_66, 0xDB);
    private static final Evex SHIFT_BY_IMMEDIATE = new Evex(MAP_0F, PREFIX_66, 0x72);
    /** The extension of the opcode that makes it a shift to the left. */
    private static final int TO_THE_LEFT = 6;

    private static final Evex TO_BF16 = new Evex(MAP_0F38, PREFIX_F2, 0x72);
    private static final Evex DIVIDE = new Evex(MAP_0F, NO_PREFIX, 0x5E);
    private static final Evex REDUCE = new Evex(MAP_0F3A, PREFIX_66, 0x56);
    private static final Evex FROM_INTEGERS = new Evex(MAP_0F, NO_PREFIX, 0x5B);
    private static final Evex TO_INTEGERS = new Evex(MAP_0F, PREFIX_66, 0x5B);
    private static final Evex PACK = new Evex(MAP_0F, PREFIX_66, 0x6B);
    private static final Evex MAXIMUM_SHORTS = new Evex(MAP_0F, PREFIX_66, 0xEE);
    private static final Evex LOOK_UP = new Evex(MAP_0F38, PREFIX_66, 0x75);
    private static final Evex LOGIC = new Evex(MAP_0F3A, PREFIX_66, 0x25);
    /** Of bits a, b, c: b where c is set, a elsewhere. */
    private static final int SELECT = 0xD8;

    private static final Evex DOT_BF16 = new Evex(MAP_0F38, PREFIX_F3, 0x52);
    private static final Evex PERMUTE = new Evex(MAP_0F38, PREFIX_66, 0x16);
    private static final Evex WIDEN = new Evex(MAP_0F38, PREFIX_66, 0x33);
    private static final Evex NARROW = new Evex(MAP_0F38, PREFIX_F3, 0x21);
    private static final Evex STORE_ONE = new Evex(MAP_0F, PREFIX_F3, 0x11);

    private final ByteArrayOutputStream code = new ByteArrayOutputStream();

    byte[] code() {
        return code.toByteArray();
    }

    /** The place of the next instruction, to jump back to. */
    int here() {
        return code.size();
    }

    private void bytes(int... values) {
        for (int value : values) {
            code.write(value);
        }
    }

    private void word(int value) {
        bytes(value & 0xFF, value >> 8 & 0xFF, value >> 16 & 0xFF, value >> 24 & 0xFF);
    }

    // General registers.

    void push(Reg r) {
        prefix41(r);
        bytes(0x50 | r.low());
    }

    void pop(Reg r) {
        prefix41(r);
        bytes(0x58 | r.low());
    }

    private void prefix41(Reg r) {
        if (r.high() == 1) {
            bytes(0x41);
        }
    }

    void ret() {
        bytes(0xC3);
    }

    void move(Reg to, int value) {
        bytes(0x48 | to.high(), 0xC7, 0xC0 | to.low());
        word(value);
    }

    void move(Reg to, Reg from) {
        bytes(0x48 | from.high() << 2 | to.high(), 0x89, 0xC0 | from.low() << 3 | to.low());
    }

    void load(Reg to, Mem from) {
        bytes(
                0x48 | to.high() << 2 | from.base().high(),
                0x8B,
                0x80 | to.low() << 3 | from.base().low());
        word(from.displacement());
    }

    void store(Mem to, Reg from) {
        bytes(
                0x48 | from.high() << 2 | to.base().high(),
                0x89,
                0x80 | from.low() << 3 | to.base().low());
        word(to.displacement());
    }

    void add(Reg to, int value) {
        bytes(0x48 | to.high(), 0x81, 0xC0 | to.low());
        word(value);
    }

    void add(Reg to, Reg other) {
        bytes(0x48 | other.high() << 2 | to.high(), 0x01, 0xC0 | other.low() << 3 | to.low());
    }

    void exchange(Reg a, Reg b) {
        bytes(0x48 | b.high() << 2 | a.high(), 0x87, 0xC0 | b.low() << 3 | a.low());
    }

    /** Counts down; sets the flags for {@link #jumpBackIfNotZero} and {@link #jumpIfZero}. */
    void decrement(Reg r) {
        bytes(0x48 | r.high(), 0xFF, 0xC8 | r.low());
    }

    void jumpBackIfNotZero(int target) {
        bytes(0x0F, 0x85);
        word(target - (here() + 4));
    }

    /** Jumps over {@code skipped} if the last count gave zero. */
    void jumpIfZero(byte[] skipped) {
        bytes(0x0F, 0x84);
        word(skipped.length);
        code.writeBytes(skipped);
    }

    // AVX-512.

    void load(int to, Mem from) {
        evex(LOAD, to, 0, from, false);
    }

    void store(Mem to, int from) {
        evex(STORE, from, 0, to, false);
    }

    void broadcast(int to, Mem from) {
        evex(BROADCAST, to, 0, from, false);
    }

    void add(int to, int a, int b) {
        evex(ADD, to, a, b);
    }

    void add(int to, int a, Mem b) {
        evex(ADD, to, a, b, false);
    }

    void multiply(int to, int a, int b) {
        evex(MULTIPLY, to, a, b);
    }

    void multiply(int to, int a, Mem b) {
        evex(MULTIPLY, to, a, b, false);
    }

    void divide(int to, int a, int b) {
        evex(DIVIDE, to, a, b);
    }

    void subtract(int to, int a, Mem b) {
        evex(SUBTRACT, to, a, b, false);
    }

    void subtract(int to, int a, int b) {
        evex(SUBTRACT, to, a, b);
    }

    void minimum(int to, int a, int b) {
        evex(MINIMUM, to, a, b);
    }

    void maximum(int to, int a, int b) {
        evex(MAXIMUM, to, a, b);
    }

    /** to = to * a + b. */
    void multiplyAdd(int to, int a, int b) {
        evex(FMA_213, to, a, b);
    }

    void multiplyAdd(int to, int a, Mem b) {
        evex(FMA_213, to, a, b, false);
    }

    /** to = a * b + to. */
    void addProduct(int to, int a, int b) {
        evex(FMA_231, to, a, b);
    }

    void copy(int to, int from) {
        evex(COPY, to, 0, from);
    }

    /** to = to * a + b, with one float in memory for all lanes. */
    void multiplyAddBroadcast(int to, int a, Mem b) {
        evex(FMA_213, to, a, b, true);
    }

    /** To the nearest integer, even if in the middle. */
    void round(int to, int from) {
        evex(ROUND, to, 0, from);
        bytes(0);
    }

    /** to = from - floor(from). */
    void fraction(int to, int from) {
        evex(REDUCE, to, 0, from);
        bytes(1);
    }

    /** 16 integers of 32 bits as floats. */
    void fromIntegers(int to, Mem from) {
        evex(FROM_INTEGERS, to, 0, from, false);
    }

    /** To 16 integers of 32 bits, to the nearest, even if in the middle. */
    void toIntegers(int to, int from) {
        evex(TO_INTEGERS, to, 0, from);
    }

    /** 32 integers of 16 bits, saturated: by fours from {@code a} and {@code b} in turn. */
    void pack(int to, int a, int b) {
        evex(PACK, to, a, b);
    }

    void maximumShorts(int to, int a, int b) {
        evex(MAXIMUM_SHORTS, to, a, b);
    }

    /** Bytes of a table of 128, {@code low} then {@code high}, at the lower seven bits of every byte of {@code to}. */
    void lookUp(int to, int low, int high) {
        evex(LOOK_UP, to, low, high);
    }

    /** The bits of {@code other} where {@code mask} is set. */
    void select(int to, int other, int mask) {
        evex(LOGIC, to, other, mask);
        bytes(SELECT);
    }

    /** to += a b in BF16 pairs. */
    void addProductBf16(int to, int a, Mem b) {
        evex(DOT_BF16, to, a, b, false);
    }

    /** to[i] = from[indices[i]]. */
    void permute(int to, int indices, int from) {
        evex(PERMUTE, to, indices, from);
    }

    /** 16 integers of 16 bits to 32 bits, without sign. */
    void widen(int to, Mem from) {
        evex(WIDEN, to, 0, from, false);
    }

    /** 16 integers of 32 bits to bytes, saturated. */
    void narrow(Mem to, int from) {
        evex(NARROW, from, 0, to, false);
    }

    /** The first float. */
    void storeOne(Mem to, int from) {
        evex(STORE_ONE, from, 0, to, false);
    }

    /** 16 words at the base and byte offsets {@code indices}. Leaves its mask register empty. */
    void gather(int to, Mem base, int indices) {
        bytes(0xC5, 0xF4, 0x46, 0xC9);
        int p0 = (~to >> 3 & 1) << 7 | (~indices >> 3 & 1) << 6 | (~base.base().high() & 1) << 5 | (~to >> 4 & 1) << 4;
        bytes(0x62, p0 | MAP_0F38, 0xF << 3 | 1 << 2 | PREFIX_66, 2 << 5 | (~indices >> 4 & 1) << 3 | 1, 0x90);
        bytes(0x84 | (to & 7) << 3, (indices & 7) << 3 | base.base().low());
        word(base.displacement());
    }

    /** to = a * 2^floor(b). */
    void scale(int to, int a, int b) {
        evex(SCALE, to, a, b);
    }

    /** 32 BF16: first those of {@code low}, then those of {@code high}. */
    void toBf16(int to, int high, int low) {
        evex(TO_BF16, to, high, low);
    }

    void and(int to, int a, int b) {
        evex(AND, to, a, b);
    }

    /** to = from << 16, in every 32 bits. */
    void shiftLeft16(int to, int from) {
        evex(SHIFT_BY_IMMEDIATE, TO_THE_LEFT, to, from);
        bytes(16);
    }

    void zeroUpper() {
        bytes(0xC5, 0xF8, 0x77);
    }

    private void evex(Evex op, int reg, int second, int rm) {
        evexPrefix(op, reg, second, rm >> 3 & 1, rm >> 4 & 1, false);
        bytes(0xC0 | (reg & 7) << 3 | rm & 7);
    }

    private void evex(Evex op, int reg, int second, Mem mem, boolean broadcast) {
        evexPrefix(op, reg, second, mem.base().high(), 0, broadcast);
        bytes(0x80 | (reg & 7) << 3 | mem.base().low());
        word(mem.displacement());
    }

    private void evexPrefix(Evex op, int reg, int second, int b, int x, boolean broadcast) {
        int p0 = (~reg >> 3 & 1) << 7 | (~x & 1) << 6 | (~b & 1) << 5 | (~reg >> 4 & 1) << 4 | op.map();
        int p1 = (~second & 0xF) << 3 | 1 << 2 | op.prefix();
        int p2 = 2 << 5 | (broadcast ? 1 << 4 : 0) | (~second >> 4 & 1) << 3;
        bytes(0x62, p0, p1, p2, op.opcode());
    }

    // AMX.

    void configureTiles(Mem from) {
        vex(NO_PREFIX, from.base().high(), 0, 0);
        bytes(0x49, 0x80 | from.base().low());
        word(from.displacement());
    }

    void releaseTiles() {
        vex(NO_PREFIX, 0, 0, 0);
        bytes(0x49, 0xC0);
    }

    void zeroTile(int tile) {
        vex(PREFIX_F2, 0, 0, 0);
        bytes(0x49, 0xC0 | tile << 3);
    }

    /** Rows of 64 bytes, {@code stride} bytes apart. */
    void loadTile(int tile, Mem from, Reg stride) {
        tileMemory(PREFIX_F2, tile, from, stride);
    }

    void storeTile(Mem to, Reg stride, int tile) {
        tileMemory(PREFIX_F3, tile, to, stride);
    }

    private void tileMemory(int prefix, int tile, Mem mem, Reg stride) {
        vex(prefix, mem.base().high(), stride.high(), 0);
        bytes(0x4B, 0x80 | tile << 3 | 4, stride.low() << 3 | mem.base().low());
        word(mem.displacement());
    }

    /** sums += a b in BF16 pairs. */
    void multiplyTiles(int sums, int a, int b) {
        vex(PREFIX_F3, 0, 0, b);
        bytes(0x5C, 0xC0 | sums << 3 | a);
    }

    /** sums += a b in signed bytes, by fours. */
    void multiplyByteTiles(int sums, int a, int b) {
        vex(PREFIX_F2, 0, 0, b);
        bytes(0x5E, 0xC0 | sums << 3 | a);
    }

    private void vex(int prefix, int b, int x, int second) {
        bytes(0xC4, 1 << 7 | (~x & 1) << 6 | (~b & 1) << 5 | MAP_0F38, (~second & 0xF) << 3 | prefix);
    }
}
