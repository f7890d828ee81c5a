package io.wan4j.testkit.ptx;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * wgmma: a warp group multiplies a 64 x K tile with a K x N tile of shared memory. Each warp does its 16 rows when it
 * executes the instruction; shared memory counts as read until the group has been waited for.
 */
final class WgmmaOps {
    private static final Set<String> MODIFIERS =
            Set.of("sync", "aligned", "mma_async", "fence", "commit_group", "wait_group", "satfinite");

    private WgmmaOps() {}

    static @Nullable Op translate(Site s) {
        if (s.has("fence")) {
            return new ControlOps.Nothing();
        }
        if (s.has("commit_group")) {
            return new Commit();
        }
        if (s.has("wait_group")) {
            return new Wait((int) s.immediate(0));
        }
        String shape = s.in.modifiers().stream()
                .filter(m -> m.startsWith("m64n"))
                .findFirst()
                .orElse("");
        if (shape.isEmpty()) {
            return null;
        }
        for (String modifier : s.in.modifiers()) {
            if (!MODIFIERS.contains(modifier)
                    && !modifier.equals(shape)
                    && PtxType.of(modifier).isEmpty()) {
                return null;
            }
        }
        List<PtxType> types = s.in.types();
        PtxType d = types.get(0);
        boolean integer = d == PtxType.S32;
        if (d != PtxType.F32 && d != PtxType.F16 && !integer) {
            return null;
        }
        return new Multiply(s, shape, types);
    }

    private static final class Commit extends Op {
        @Override
        void run(Warp w) {
            w.matrixReads.commit();
        }
    }

    private static final class Wait extends Op {
        private final int pending;

        Wait(int pending) {
            this.pending = pending;
        }

        @Override
        void run(Warp w) {
            w.matrixReads.await(pending);
        }
    }

    private static final class Multiply extends Op {
        private final int n;
        private final int k;
        private final PtxType accumulator;
        private final PtxType typeA;
        private final PtxType typeB;
        private final int[] d;
        private final int @Nullable [] aRegisters;
        private final int aDescriptor;
        private final int bDescriptor;
        private final LogicOps.PredicateSource keep;
        private final float signA;
        private final float signB;
        private final boolean transA;
        private final boolean transB;

        Multiply(Site s, String shape, List<PtxType> types) {
            int at = shape.indexOf('k');
            this.n = Integer.parseInt(shape.substring(4, at));
            this.k = Integer.parseInt(shape.substring(at + 1));
            this.accumulator = types.get(0);
            this.typeA = types.get(1);
            this.typeB = types.get(2);
            this.d = s.vector(0).stream().mapToInt(s::di).toArray();
            boolean registers = s.operand(1) instanceof PtxOperand.Vector;
            this.aRegisters = registers
                    ? s.vector(1).stream().mapToInt(o -> s.i(o, PtxType.B32)).toArray()
                    : null;
            this.aDescriptor = registers ? -1 : s.l(1);
            this.bDescriptor = s.l(2);
            this.keep = new LogicOps.PredicateSource(s, 3);
            boolean scaled = s.operands() > 5;
            this.signA = scaled ? s.immediate(4) : 1;
            this.signB = scaled ? s.immediate(5) : 1;
            int trans = registers ? 6 : 7;
            this.transA = !registers && s.operands() > 6 && s.immediate(6) != 0;
            this.transB = s.operands() > trans && s.immediate(trans) != 0;
            // 64 n results on 128 threads, two halves in a register
            int registersOfD = accumulator == PtxType.F16 ? n / 4 : n / 2;
            if (d.length != registersOfD || typeA.bytes != 2 && (transA || transB)) {
                throw s.unsupported();
            }
        }

        @Override
        boolean isCounted() {
            return true;
        }

        @Override
        void run(Warp w) {
            if (!w.converged(this, Warp.ALL)) {
                return;
            }
            WgmmaScratch scratch = w.cta.scratch.wgmma();
            if (!loadB(w, scratch.b) || !loadA(w, scratch.a)) {
                return;
            }
            boolean adds = keep.mask(w) != 0;
            for (int column = 0; column < n; column += MmaOps.N) {
                for (int row = 0; row < MmaOps.M; row++) {
                    multiply(w, scratch, row, column, adds);
                }
            }
        }

        private void multiply(Warp w, WgmmaScratch scratch, int row, int column, boolean adds) {
            float[] c = scratch.c;
            for (int j = 0; j < MmaOps.N; j++) {
                c[j] = 0;
            }
            // 8-bit integer sums over k = 32 are exact in float
            boolean integer = accumulator == PtxType.S32;
            if (!integer && adds) {
                for (int j = 0; j < MmaOps.N; j++) {
                    c[j] = get(w, row, column + j);
                }
            }
            System.arraycopy(scratch.a, row * k, scratch.x, 0, k);
            System.arraycopy(scratch.b, column * k, scratch.columns, 0, k * MmaOps.N);
            FloatMma.multiply(scratch.x, scratch.columns, c, k);
            for (int j = 0; j < MmaOps.N; j++) {
                if (integer) {
                    int[] register = w.r[d[(column >> 3) * 4 + (row >> 3) * 2 + (j & 1)]];
                    int lane = (row & 7) * 4 + (j >> 1);
                    register[lane] = (adds ? register[lane] : 0) + (int) c[j];
                } else {
                    put(w, row, column + j, c[j]);
                }
            }
        }

        private float get(Warp w, int row, int column) {
            int lane = (row & 7) * 4 + (column & 7) / 2;
            if (accumulator == PtxType.F16) {
                int pair = w.r[d[(column >> 3) * 2 + (row >> 3)]][lane];
                return SmallFloat.F16.value(pair >>> 16 * (column & 1) & 0xffff);
            }
            return Float.intBitsToFloat(w.r[d[(column >> 3) * 4 + (row >> 3) * 2 + (column & 1)]][lane]);
        }

        private void put(Warp w, int row, int column, float value) {
            int lane = (row & 7) * 4 + (column & 7) / 2;
            if (accumulator == PtxType.F16) {
                int[] pair = w.r[d[(column >> 3) * 2 + (row >> 3)]];
                int shift = 16 * (column & 1);
                pair[lane] = pair[lane] & ~(0xffff << shift) | SmallFloat.F16.encode(value) << shift;
            } else {
                w.r[d[(column >> 3) * 4 + (row >> 3) * 2 + (column & 1)]][lane] = Float.floatToRawIntBits(value);
            }
        }

        /** B in groups of 8 columns, each [k, 8]. */
        private boolean loadB(Warp w, float[] b) {
            MatrixDescriptor descriptor = new MatrixDescriptor(w.l[bDescriptor][0], typeB.bytes, transB);
            float[] element = new float[1];
            byte[] shared = w.cta.shared.data;
            if (!read(w, descriptor, 0, n)) {
                return false;
            }
            if ((w.id & 3) == 0) {
                count(w, descriptor, 0, n); // once for the group
            }
            for (int column = 0; column < n; column++) {
                for (int i = 0; i < k; i++) {
                    element(shared, descriptor.offset(column, i), typeB, element);
                    b[(column & ~7) * k + i * MmaOps.N + (column & 7)] = element[0] * signB;
                }
            }
            return true;
        }

        /** The 16 rows of this warp, [16, k]. */
        private boolean loadA(Warp w, float[] a) {
            if (aRegisters != null) {
                for (int row = 0; row < MmaOps.M; row++) {
                    int at = row * k;
                    for (int q = row >> 3; q < aRegisters.length; q += 2) {
                        at = decode(w.r[aRegisters[q]], (row & 7) * 4, a, at);
                    }
                }
                scale(a);
                return true;
            }
            MatrixDescriptor descriptor = new MatrixDescriptor(w.l[aDescriptor][0], typeA.bytes, transA);
            int first = (w.id & 3) * MmaOps.M;
            if (!read(w, descriptor, first, MmaOps.M)) {
                return false;
            }
            count(w, descriptor, first, MmaOps.M);
            float[] element = new float[1];
            for (int row = 0; row < MmaOps.M; row++) {
                for (int i = 0; i < k; i++) {
                    element(w.cta.shared.data, descriptor.offset(first + row, i), typeA, element);
                    a[row * k + i] = element[0];
                }
            }
            scale(a);
            return true;
        }

        private void scale(float[] a) {
            if (signA != 1) {
                for (int i = 0; i < MmaOps.M * k; i++) {
                    a[i] *= signA;
                }
            }
        }

        private int decode(int[] register, int lane, float[] to, int at) {
            if (typeA != PtxType.S8 && typeA != PtxType.U8) {
                return FloatMma.decode(register, lane, typeA, to, at);
            }
            for (int i = 0; i < 16; i++) {
                int v = register[lane + i / 4] >> 8 * (i & 3);
                to[at + i] = typeA == PtxType.S8 ? (byte) v : v & 0xff;
            }
            return at + 16;
        }

        private static void element(byte[] shared, int at, PtxType type, float[] to) {
            to[0] = switch (type) {
                case S8 -> shared[at];
                case U8 -> shared[at] & 0xff;
                case E4M3 -> SmallFloat.E4M3.value(shared[at] & 0xff);
                case E5M2 -> SmallFloat.E5M2.value(shared[at] & 0xff);
                case BF16 -> Float.intBitsToFloat(Bytes.getShort(shared, at) << 16);
                case F16 -> SmallFloat.F16.value(Bytes.getShort(shared, at));
                default -> Float.intBitsToFloat(Bytes.getInt(shared, at) & ~0x1fff);
            };
        }

        /** Counts banks: the eight 16-byte pieces of a core matrix are one access. */
        private void count(Warp w, MatrixDescriptor descriptor, int first, int rows) {
            if (!w.cta.launch.options.counts()) {
                return;
            }
            int pieces = 16 / descriptor.elementBytes();
            boolean trans = descriptor.trans();
            long[] addresses = w.cta.scratch.addresses;
            for (int row = first; row < first + rows; row += trans ? pieces : 8) {
                for (int i = 0; i < k; i += trans ? 8 : pieces) {
                    for (int piece = 0; piece < 8; piece++) {
                        addresses[piece] =
                                trans ? descriptor.offset(row, i + piece) : descriptor.offset(row + piece, i);
                    }
                    w.cta.counters.shared(site, 0xff, addresses, 16);
                }
            }
        }

        /** Checks the 16-byte pieces of rows {@code first} to {@code first + count} and notes that they are being read. */
        private boolean read(Warp w, MatrixDescriptor descriptor, int first, int count) {
            int step = 16 / descriptor.elementBytes();
            boolean trans = descriptor.trans();
            for (int row = first; row < first + count; row += trans ? step : 1) {
                for (int i = 0; i < k; i += trans ? 1 : step) {
                    int at = descriptor.offset(row, i);
                    if (at < 0 || at + 16 > w.cta.shared.bytes) {
                        w.cta.launch.findings.add(
                                Finding.Kind.OUT_OF_BOUNDS,
                                this,
                                new Finding.Place(w, 0, at + SharedMemory.BASE),
                                "the matrix descriptor reaches outside shared memory");
                        return false;
                    }
                    w.cta.shared.shadow.readAsync(w, 0, at, 16, this);
                    w.matrixReads.add(at, 16, 0, this);
                }
            }
            return true;
        }
    }
}
