package io.wan4j.onednn;

import io.wan4j.error.DeviceException;
import io.wan4j.onednn.Assembler.Mem;
import io.wan4j.onednn.Assembler.Reg;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Machine code for the passes over rows around an INT8 product, where Java would copy every row to the heap and back:
 * quantising rows of BF16, and finishing rows of sums. Columns come by {@link #COLUMNS}.
 */
final class RowCode implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RowCode.class);

    /** Columns of a turn of the loops. */
    static final int COLUMNS = 32;

    /** What becomes of {@code y = sum * rowScale + bias}. */
    enum Kind {
        /** out = y in BF16. */
        STORE,
        /** out = gelu(y) in BF16, by tanh. */
        GELU,
        /** out = out + gate * y in F32. */
        ADD_GATED
    }

    /** Offsets of the arguments: rows at {@link #SOURCE}, {@link #SOURCE_STRIDE} bytes apart. */
    static final int SOURCE = 0;

    static final int SOURCE_STRIDE = 8;
    static final int ROWS = 16;
    /** {@link #COLUMNS} each. */
    static final int TURNS = 24;

    static final int OUT = 32;
    static final int OUT_STRIDE = 40;
    /** F32 for each row: written when quantising, read when finishing. */
    static final int ROW_SCALES = 48;

    static final int BIAS = 56;
    static final int GATE = 64;
    private static final int CONSTANTS = 128;
    private static final int MAGNITUDES = CONSTANTS;
    private static final int HIGH_HALF = CONSTANTS + 4;
    private static final int MOST = CONSTANTS + 8;
    private static final int LEAST = CONSTANTS + 12;
    private static final int LINEAR = CONSTANTS + 16;
    private static final int CUBIC = CONSTANTS + 20;
    private static final int LIMIT = CONSTANTS + 24;
    private static final int ONE = CONSTANTS + 28;
    private static final int POWERS = CONSTANTS + 32;
    private static final int ORDERS = 192;

    /** Bytes of the arguments. */
    static final int ARGUMENTS = ORDERS + 4 * 64;

    private static final int LANES = 16;
    private static final double LOG2_E = 1.4426950408889634;

    private static final Reg ARGS = Reg.RDI;
    private static final Reg FROM = Reg.RSI;
    private static final Reg TO = Reg.RDX;
    private static final Reg LEFT = Reg.RAX;
    private static final Reg COUNT = Reg.RCX;
    private static final Reg PLACE = Reg.R8;
    private static final Reg SCALES = Reg.R9;
    private static final Reg TARGET = Reg.R10;
    private static final Reg STRIDE = Reg.R11;
    /** Steps through bias and gate; the registers before are those of the manual's callee. */
    private static final Reg BIASES = Reg.RBX;

    private static final Reg GATES = Reg.RBP;

    private static final int MAXIMUM = 14;
    private static final int T = 15;
    private static final int FACTOR = 13;
    private static final int Z_ORDER = 16;
    private static final int Z_MAGNITUDES = 20;
    private static final int Z_HIGH_HALF = 21;
    private static final int Z_MOST = 22;
    private static final int Z_LEAST = 23;
    private static final int Z_LINEAR = 24;
    private static final int Z_CUBIC = 25;
    private static final int Z_LIMIT = 26;
    private static final int Z_ONE = 27;
    private static final int Z_POWER = 28;

    private final MachineCode quantise;
    private final Map<Kind, MachineCode> finish = new EnumMap<>(Kind.class);

    private RowCode() {
        quantise = new MachineCode(quantiser());
        for (Kind kind : Kind.values()) {
            finish.put(kind, new MachineCode(finisher(kind)));
        }
    }

    /** The code, on processors with AVX-512 where the system allows machine code. */
    static Optional<RowCode> create() {
        if (!Dnnl.hasBf16()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new RowCode());
        } catch (DeviceException | LinkageError e) {
            LOG.warn("onednn: INT8 layers go the slower way: {}", e.toString());
            return Optional.empty();
        }
    }

    /** Arguments in native memory with the constants written. */
    static ByteBuffer arguments(long at) {
        ByteBuffer arguments = View.map(at, ARGUMENTS);
        arguments.putInt(MAGNITUDES, 0x7FFF7FFF);
        arguments.putInt(HIGH_HALF, 0xFFFF0000);
        float[] constants = {
            127f, 1e-8f, (float) (-LOG2_E * Scalars.GELU_LINEAR), (float) (-LOG2_E * Scalars.GELU_CUBIC), 126f, 1f
        };
        for (int i = 0; i < constants.length; i++) {
            arguments.putFloat(MOST + i * Float.BYTES, constants[i]);
        }
        for (int i = 0; i < TileExponentials.POWER_OF_TWO.length; i++) {
            arguments.putFloat(POWERS + i * Float.BYTES, TileExponentials.POWER_OF_TWO[i]);
        }
        for (int i = 0; i < 4; i++) {
            for (int lane = 0; lane < LANES; lane++) {
                arguments.putInt(ORDERS + i * 64 + lane * Integer.BYTES, lane ^ 1 << i);
            }
        }
        return arguments;
    }

    /** Rows of BF16 at {@link #SOURCE} to codes at {@link #OUT} and steps at {@link #ROW_SCALES}. */
    void quantise(long arguments) {
        quantise.call(arguments);
    }

    /** Rows of F32 at {@link #SOURCE} to {@link #OUT}. */
    void finish(Kind kind, long arguments) {
        Objects.requireNonNull(finish.get(kind)).call(arguments);
    }

    private static void common(Assembler a) {
        a.load(FROM, new Mem(ARGS, SOURCE));
        a.load(TO, new Mem(ARGS, OUT));
        a.load(LEFT, new Mem(ARGS, ROWS));
        a.load(SCALES, new Mem(ARGS, ROW_SCALES));
    }

    private static void next(Assembler a, int start) {
        a.load(STRIDE, new Mem(ARGS, SOURCE_STRIDE));
        a.add(FROM, STRIDE);
        a.load(STRIDE, new Mem(ARGS, OUT_STRIDE));
        a.add(TO, STRIDE);
        a.add(SCALES, Float.BYTES);
        a.decrement(LEFT);
        a.jumpBackIfNotZero(start);
    }

    private static byte[] quantiser() {
        Assembler a = new Assembler();
        common(a);
        for (int i = 0; i < 4; i++) {
            a.load(Z_ORDER + i, new Mem(ARGS, ORDERS + i * 64));
        }
        a.broadcast(Z_MAGNITUDES, new Mem(ARGS, MAGNITUDES));
        a.broadcast(Z_HIGH_HALF, new Mem(ARGS, HIGH_HALF));
        a.broadcast(Z_MOST, new Mem(ARGS, MOST));
        a.broadcast(Z_LEAST, new Mem(ARGS, LEAST));
        int row = a.here();
        // Magnitudes in BF16 are ordered as integers.
        a.subtract(MAXIMUM, Z_MOST, Z_MOST);
        a.move(PLACE, FROM);
        a.load(COUNT, new Mem(ARGS, TURNS));
        int most = a.here();
        a.load(0, new Mem(PLACE, 0));
        a.and(0, 0, Z_MAGNITUDES);
        a.maximumShorts(MAXIMUM, MAXIMUM, 0);
        a.add(PLACE, COLUMNS * Short.BYTES);
        a.decrement(COUNT);
        a.jumpBackIfNotZero(most);
        a.shiftLeft16(T, MAXIMUM);
        a.and(MAXIMUM, MAXIMUM, Z_HIGH_HALF);
        a.maximum(MAXIMUM, MAXIMUM, T);
        for (int i = 0; i < 4; i++) {
            a.permute(T, Z_ORDER + i, MAXIMUM);
            a.maximum(MAXIMUM, MAXIMUM, T);
        }
        a.maximum(MAXIMUM, Z_LEAST, MAXIMUM);
        a.divide(T, MAXIMUM, Z_MOST);
        a.storeOne(new Mem(SCALES, 0), T);
        a.divide(FACTOR, Z_MOST, MAXIMUM);
        a.move(PLACE, FROM);
        a.move(TARGET, TO);
        a.load(COUNT, new Mem(ARGS, TURNS));
        int codes = a.here();
        for (int i = 0; i < 2; i++) {
            a.widen(i, new Mem(PLACE, i * LANES * Short.BYTES));
            a.shiftLeft16(i, i);
            a.multiply(i, i, FACTOR);
            a.toIntegers(i, i);
            a.narrow(new Mem(TARGET, i * LANES), i);
        }
        a.add(PLACE, COLUMNS * Short.BYTES);
        a.add(TARGET, COLUMNS);
        a.decrement(COUNT);
        a.jumpBackIfNotZero(codes);
        next(a, row);
        a.zeroUpper();
        a.ret();
        return a.code();
    }

    private static byte[] finisher(Kind kind) {
        Assembler a = new Assembler();
        a.push(BIASES);
        a.push(GATES);
        common(a);
        a.broadcast(Z_LINEAR, new Mem(ARGS, LINEAR));
        a.broadcast(Z_CUBIC, new Mem(ARGS, CUBIC));
        a.broadcast(Z_LIMIT, new Mem(ARGS, LIMIT));
        a.broadcast(Z_ONE, new Mem(ARGS, ONE));
        for (int i = 0; i < 4; i++) {
            a.broadcast(Z_POWER + i, new Mem(ARGS, POWERS + i * Float.BYTES));
        }
        int row = a.here();
        a.broadcast(FACTOR, new Mem(SCALES, 0));
        a.move(PLACE, FROM);
        a.move(TARGET, TO);
        a.load(BIASES, new Mem(ARGS, BIAS));
        a.load(GATES, new Mem(ARGS, GATE));
        a.load(COUNT, new Mem(ARGS, TURNS));
        int turn = a.here();
        for (int i = 0; i < 2; i++) {
            a.load(i, new Mem(PLACE, i * 64));
            a.multiplyAdd(i, FACTOR, new Mem(BIASES, i * 64));
        }
        switch (kind) {
            case STORE -> a.toBf16(0, 1, 0);
            case GELU -> {
                gelu(a);
                a.toBf16(0, 1, 0);
            }
            case ADD_GATED -> {
                for (int i = 0; i < 2; i++) {
                    a.load(2 + i, new Mem(GATES, i * 64));
                    a.multiplyAdd(i, 2 + i, new Mem(TARGET, i * 64));
                }
                a.store(new Mem(TARGET, 64), 1);
            }
        }
        a.store(new Mem(TARGET, 0), 0);
        a.add(PLACE, COLUMNS * Float.BYTES);
        a.add(BIASES, COLUMNS * Float.BYTES);
        a.add(GATES, COLUMNS * Float.BYTES);
        a.add(TARGET, COLUMNS * (kind == Kind.ADD_GATED ? Float.BYTES : Short.BYTES));
        a.decrement(COUNT);
        a.jumpBackIfNotZero(turn);
        next(a, row);
        a.zeroUpper();
        a.pop(GATES);
        a.pop(BIASES);
        a.ret();
        return a.code();
    }

    /** Two vectors: x / (1 + 2^t), where t = -log2(e) x (c x^2 + l), from -126 to 126. */
    private static void gelu(Assembler a) {
        for (int i = 0; i < 2; i++) {
            int t = 2 + i;
            int f = 4 + i;
            int p = 6 + i;
            a.multiply(t, i, i);
            a.multiplyAdd(t, Z_CUBIC, Z_LINEAR);
            a.multiply(t, t, i);
            a.minimum(t, Z_LIMIT, t);
            a.fraction(f, t);
            a.copy(p, Z_POWER + 2);
            a.addProduct(p, f, Z_POWER + 3);
            a.multiplyAdd(p, f, Z_POWER + 1);
            a.multiplyAdd(p, f, Z_POWER);
            a.scale(p, p, t);
            a.add(p, p, Z_ONE);
            a.divide(i, i, p);
        }
    }

    @Override
    public void close() {
        quantise.close();
        finish.values().forEach(MachineCode::close);
    }
}
