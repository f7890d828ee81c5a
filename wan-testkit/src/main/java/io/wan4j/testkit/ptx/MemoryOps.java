package io.wan4j.testkit.ptx;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Loads and stores. */
final class MemoryOps {
    private static final Set<String> MODIFIERS = Set.of(
            "global",
            "shared",
            "shared::cta",
            "shared::cluster",
            "local",
            "const",
            "param",
            "param::entry",
            "param::func",
            "nc",
            "v2",
            "v4",
            "v8",
            "weak",
            "volatile",
            "relaxed",
            "acquire",
            "release",
            "cta",
            "cluster",
            "gpu",
            "sys",
            "ca",
            "cg",
            "cs",
            "lu",
            "cv",
            "wb",
            "wt",
            "unified",
            "mmio",
            "L1::evict_normal",
            "L1::evict_unchanged",
            "L1::evict_first",
            "L1::evict_last",
            "L1::no_allocate",
            "L2::cache_hint",
            "L2::evict_first",
            "L2::evict_last",
            "L2::evict_normal",
            "L2::64B",
            "L2::128B",
            "L2::256B",
            "L1",
            "L2");

    private MemoryOps() {}

    static Op translate(Site s) {
        String opcode = s.in.opcode();
        if (opcode.startsWith("prefetch") || opcode.equals("applypriority") || opcode.equals("discard")) {
            return new ControlOps.Nothing();
        }
        s.allow(MODIFIERS);
        if (!opcode.equals("st")) {
            Op parameter = parameter(s);
            return parameter != null ? parameter : new Load(s);
        }
        return new Store(s);
    }

    /** A kernel parameter at a fixed offset is the same for all lanes. */
    private static @Nullable Op parameter(Site s) {
        if (!s.has("param") && !s.has("param::entry")
                || !(s.operand(1) instanceof PtxOperand.Address address)
                || !(address.base() instanceof PtxOperand.Variable variable)
                || !s.translator.isKernelParameter(variable.variable())) {
            return null;
        }
        int offset = s.translator.kernelParameterOffset(variable.variable()) + (int) address.offset();
        return new LoadParameter(new Elements(s, 0), offset);
    }

    /** The registers of a load or store, and the width of each element. */
    static final class Elements {
        final PtxType type;
        final int bytes;
        final int[] registers;
        final boolean[] wide;
        final int total;
        final boolean allInts;

        Elements(Site s, int operand) {
            this.type = s.type();
            this.bytes = type.bytes;
            List<PtxOperand> operands = s.vector(operand);
            boolean load = operand == 0;
            this.registers = new int[operands.size()];
            this.wide = new boolean[operands.size()];
            for (int i = 0; i < registers.length; i++) {
                PtxOperand o = operands.get(i);
                wide[i] = o instanceof PtxOperand.Register ? Site.isWide(o) : type.isWide();
                registers[i] = load ? (wide[i] ? s.dl(o) : s.di(o)) : wide[i] ? s.l(o) : s.i(o, type);
            }
            this.total = bytes * registers.length;
            boolean ints = bytes == 4;
            for (boolean w : wide) {
                ints &= !w;
            }
            this.allInts = ints;
        }

        long extend(long value) {
            return switch (type) {
                case S8 -> (byte) value;
                case S16 -> (short) value;
                case S32 -> (int) value;
                default -> value;
            };
        }

        void set(Warp w, int i, int lane, long value) {
            if (wide[i]) {
                w.l[registers[i]][lane] = value;
            } else {
                w.r[registers[i]][lane] = (int) value;
            }
        }

        long get(Warp w, int i, int lane) {
            return wide[i] ? w.l[registers[i]][lane] : w.r[registers[i]][lane];
        }
    }

    private static final class LoadParameter extends Op {
        private final Elements to;
        private final int offset;

        LoadParameter(Elements to, int offset) {
            this.to = to;
            this.offset = offset;
        }

        @Override
        void run(Warp w) {
            for (int i = 0; i < to.registers.length; i++) {
                long value = to.extend(Bytes.get(w.cta.launch.parameterBytes, offset + i * to.bytes, to.bytes));
                if (w.mask == Warp.ALL) {
                    if (to.wide[i]) {
                        Arrays.fill(w.l[to.registers[i]], value);
                    } else {
                        Arrays.fill(w.r[to.registers[i]], (int) value);
                    }
                } else {
                    for (int m = w.mask; m != 0; m &= m - 1) {
                        to.set(w, i, Integer.numberOfTrailingZeros(m), value);
                    }
                }
            }
        }
    }

    private static final class Load extends AddressedOp {
        private final Elements to;
        private final int keep;

        Load(Site s) {
            super(s, 1, space(s));
            this.to = new Elements(s, 0);
            // a signed byte in a 16-bit register
            boolean narrow = s.vector(0).get(0) instanceof PtxOperand.Register reg && reg.register().type.bytes == 2;
            this.keep = narrow ? 0xffff : -1;
        }

        @Override
        void run(Warp w) {
            long[] addresses = addresses(w);
            count(w, addresses, to.total);
            if (to.allInts) {
                ints(w, addresses);
            } else {
                any(w, addresses);
            }
        }

        private void ints(Warp w, long[] addresses) {
            int n = to.registers.length;
            int[] first = w.r[to.registers[0]];
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                boolean ok = resolve(w, lane, addresses[lane], to.total, Use.READ);
                first[lane] = ok ? Bytes.getInt(w.data, w.at) : 0;
                for (int i = 1; i < n; i++) {
                    w.r[to.registers[i]][lane] = ok ? Bytes.getInt(w.data, w.at + 4 * i) : 0;
                }
            }
        }

        private void any(Warp w, long[] addresses) {
            int n = to.registers.length;
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                boolean ok = resolve(w, lane, addresses[lane], to.total, Use.READ);
                for (int i = 0; i < n; i++) {
                    long value = ok ? to.extend(Bytes.get(w.data, w.at + i * to.bytes, to.bytes)) : 0;
                    if (to.wide[i]) {
                        w.l[to.registers[i]][lane] = value;
                    } else {
                        w.r[to.registers[i]][lane] = (int) value & keep;
                    }
                }
            }
        }
    }

    private static final class Store extends AddressedOp {
        private final Elements from;

        Store(Site s) {
            super(s, 0, space(s));
            this.from = new Elements(s, 1);
        }

        @Override
        void run(Warp w) {
            long[] addresses = addresses(w);
            count(w, addresses, from.total);
            int n = from.registers.length;
            for (int m = w.mask; m != 0; m &= m - 1) {
                int lane = Integer.numberOfTrailingZeros(m);
                if (!resolve(w, lane, addresses[lane], from.total, Use.WRITE)) {
                    continue;
                }
                if (from.allInts) {
                    for (int i = 0; i < n; i++) {
                        Bytes.putInt(w.data, w.at + 4 * i, w.r[from.registers[i]][lane]);
                    }
                } else {
                    for (int i = 0; i < n; i++) {
                        Bytes.put(w.data, w.at + i * from.bytes, from.bytes, from.get(w, i, lane));
                    }
                }
            }
        }
    }
}
