package io.wan4j.testkit.ptx;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Atomic operations and reductions on memory. */
final class AtomicOps {
    private static final Set<String> MODIFIERS = Set.of(
            "global",
            "shared",
            "shared::cta",
            "shared::cluster",
            "relaxed",
            "acquire",
            "release",
            "acq_rel",
            "cta",
            "cluster",
            "gpu",
            "sys",
            "and",
            "or",
            "xor",
            "cas",
            "exch",
            "add",
            "inc",
            "dec",
            "min",
            "max",
            "noftz",
            "v2",
            "v4",
            "v8",
            "L2::cache_hint");

    /** New value from the old one and the operands. */
    private interface Update {
        long of(long old, long b, long c);
    }

    private AtomicOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        Update update = update(s);
        if (update == null) {
            return null;
        }
        if (AddressedOp.space(s) != StateSpace.SHARED) {
            s.translator.globalAtomics = true;
        }
        return new Atomic(s, update);
    }

    private static @Nullable Update update(Site s) {
        PtxType type = s.type();
        if (s.has("exch")) {
            return (old, b, c) -> b;
        }
        if (s.has("cas")) {
            return (old, b, c) -> old == b ? c : old;
        }
        if (s.has("and")) {
            return (old, b, c) -> old & b;
        }
        if (s.has("or")) {
            return (old, b, c) -> old | b;
        }
        if (s.has("xor")) {
            return (old, b, c) -> old ^ b;
        }
        if (s.has("inc")) {
            return (old, b, c) -> old >= b ? 0 : old + 1;
        }
        if (s.has("dec")) {
            return (old, b, c) -> old == 0 || old > b ? b : old - 1;
        }
        return s.has("add") ? add(type) : s.has("min") ? extreme(type, true) : extreme(type, false);
    }

    private static @Nullable Update add(PtxType type) {
        return switch (type) {
            case F32 -> (old, b, c) -> FloatOps.b(FloatOps.f((int) old) + FloatOps.f((int) b)) & 0xffffffffL;
            case F64 ->
                (old, b, c) -> Double.doubleToRawLongBits(Double.longBitsToDouble(old) + Double.longBitsToDouble(b));
            case F16 -> (old, b, c) -> half(SmallFloat.F16, old, b);
            case BF16 -> (old, b, c) -> half(SmallFloat.BF16, old, b);
            case F16X2 -> (old, b, c) -> half(SmallFloat.F16, old, b) | half(SmallFloat.F16, old >> 16, b >> 16) << 16;
            case BF16X2 ->
                (old, b, c) -> half(SmallFloat.BF16, old, b) | half(SmallFloat.BF16, old >> 16, b >> 16) << 16;
            default -> type.isInteger() ? (old, b, c) -> old + b : null;
        };
    }

    private static long half(SmallFloat format, long a, long b) {
        return format.encode((double) format.value((int) a & 0xffff) + format.value((int) b & 0xffff));
    }

    private static @Nullable Update extreme(PtxType type, boolean min) {
        return switch (type) {
            case U32, U64 -> (old, b, c) -> Long.compareUnsigned(old, b) < 0 == min ? old : b;
            case S32 -> (old, b, c) -> (int) old < (int) b == min ? old : b;
            case S64 -> (old, b, c) -> old < b == min ? old : b;
            default -> null;
        };
    }

    private static final class Atomic extends AddressedOp {
        private final Update update;
        private final int bytes;
        private final MemoryOps.@Nullable Elements d;
        private final MemoryOps.Elements b;
        private final MemoryOps.@Nullable Elements c;

        Atomic(Site s, Update update) {
            super(s, s.in.opcode().equals("red") ? 0 : 1, space(s));
            boolean red = s.in.opcode().equals("red");
            int first = red ? 1 : 2;
            this.update = update;
            this.bytes = s.type().bytes;
            this.d = red || s.operand(0) instanceof PtxOperand.Sink ? null : new MemoryOps.Elements(s, 0);
            this.b = new MemoryOps.Elements(s, first);
            this.c = s.has("cas") ? new MemoryOps.Elements(s, first + 1) : null;
        }

        @Override
        void run(Warp w) {
            long[] addresses = addresses(w);
            count(w, addresses, b.total);
            long keep = bytes == 8 ? -1 : (1L << 8 * bytes) - 1;
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                boolean ok = resolve(w, lane, addresses[lane], b.total, Use.UPDATE);
                for (int i = 0; i < b.registers.length; i++) {
                    long old = ok ? Bytes.get(w.data, w.at + i * bytes, bytes) : 0;
                    if (ok) {
                        long third = c == null ? 0 : c.get(w, i, lane) & keep;
                        Bytes.put(w.data, w.at + i * bytes, bytes, update.of(old, b.get(w, i, lane) & keep, third));
                    }
                    if (d != null) {
                        d.set(w, i, lane, old);
                    }
                }
            }
        }
    }
}
