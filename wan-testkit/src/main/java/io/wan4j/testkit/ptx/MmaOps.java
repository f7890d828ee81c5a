package io.wan4j.testkit.ptx;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * mma.sync with m = 16 and n = 8.
 *
 * <p>Fragments, with g = lane / 4 and t = lane mod 4 and E elements in a register: register q of A holds row g + 8 (q mod
 * 2), k from E t + 4 E (q / 2); register q of B holds column g, k from E t + 4 E q; C and D hold row g (then g + 8) and
 * columns 2 t and 2 t + 1. Products are exact and accumulate in f32.
 */
final class MmaOps {
    static final int M = 16;
    static final int N = 8;

    private static final Set<String> MODIFIERS = Set.of(
            "sync", "aligned", "row", "col", "m16n8k4", "m16n8k8", "m16n8k16", "m16n8k32", "satfinite", "kind::f8f6f4");

    private MmaOps() {}

    static @Nullable Op translate(Site s) {
        s.allow(MODIFIERS);
        String shape = s.in.modifiers().stream()
                .filter(m -> m.startsWith("m16n8k"))
                .findFirst()
                .orElse("");
        List<PtxType> types = s.in.types();
        if (shape.isEmpty() || types.size() != 4) {
            return null;
        }
        int k = Integer.parseInt(shape.substring(6));
        PtxType a = types.get(1);
        PtxType b = types.get(2);
        int perRegister = a.bytes == 4 ? 1 : 4 / a.bytes;
        int[] d = s.vector(0).stream().mapToInt(s::di).toArray();
        int[][] in = new int[3][];
        for (int i = 0; i < 3; i++) {
            in[i] = s.vector(i + 1).stream().mapToInt(o -> s.i(o, PtxType.B32)).toArray();
        }
        boolean shapeFits = in[0].length == M * k / (32 * perRegister) && in[1].length == N * k / (32 * perRegister);
        if (!shapeFits) {
            return null;
        }
        Fragments fragments = new Fragments(d, in, k, perRegister);
        if (types.get(0) == PtxType.S32) {
            return isByte(a) && isByte(b) ? new IntegerMma(fragments, a, b, s.has("satfinite")) : null;
        }
        Decoder decodeA = decoder(a);
        Decoder decodeB = decoder(b);
        boolean half = types.get(0) == PtxType.F16;
        return decodeA == null || decodeB == null || types.get(0) != types.get(3)
                ? null
                : new FloatMma(fragments, decodeA, decodeB, half);
    }

    private static boolean isByte(PtxType type) {
        return type == PtxType.S8 || type == PtxType.U8;
    }

    /** Register indices of the operands. */
    private record Fragments(int[] d, int[][] in, int k, int perRegister) {}

    /** How the elements of a register become floats. */
    record Decoder(int bits, float @Nullable [] table) {
        float of(int register, int element) {
            if (table == null) {
                return Float.intBitsToFloat(register & ~0x1fff);
            }
            return table[register >>> element * bits & (1 << bits) - 1];
        }
    }

    static @Nullable Decoder decoder(PtxType type) {
        return switch (type) {
            case F16 -> new Decoder(16, SmallFloat.F16.table());
            case BF16 -> new Decoder(16, SmallFloat.BF16.table());
            case E4M3 -> new Decoder(8, SmallFloat.E4M3.table());
            case E5M2 -> new Decoder(8, SmallFloat.E5M2.table());
            case TF32 -> new Decoder(32, null);
            default -> null;
        };
    }

    private static final class FloatMma extends Op {
        private final Fragments f;
        private final Decoder decodeA;
        private final Decoder decodeB;
        private final boolean half;

        FloatMma(Fragments f, Decoder decodeA, Decoder decodeB, boolean half) {
            this.f = f;
            this.decodeA = decodeA;
            this.decodeB = decodeB;
            this.half = half;
        }

        @Override
        void run(Warp w) {
            if (!w.converged(this, Warp.ALL)) {
                return;
            }
            int k = f.k;
            float[] a = w.cta.scratch.a;
            float[] b = w.cta.scratch.b;
            float[] c = w.cta.scratch.c;
            unpackA(w, a);
            unpackB(w, b);
            if (half) {
                unpackHalves(w, c);
            } else {
                unpackFloats(w, c);
            }
            multiply(a, b, c, k);
            if (half) {
                packHalves(w, c);
            } else {
                packFloats(w, c);
            }
        }

        private void unpackA(Warp w, float[] a) {
            int e = f.perRegister;
            for (int q = 0; q < f.in[0].length; q++) {
                int[] register = w.r[f.in[0][q]];
                int row = 8 * (q & 1);
                int from = 4 * e * (q >> 1);
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    int at = (row + (lane >> 2)) * f.k + from + e * (lane & 3);
                    for (int i = 0; i < e; i++) {
                        a[at + i] = decodeA.of(register[lane], i);
                    }
                }
            }
        }

        private void unpackB(Warp w, float[] b) {
            int e = f.perRegister;
            for (int q = 0; q < f.in[1].length; q++) {
                int[] register = w.r[f.in[1][q]];
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    int at = (4 * e * q + e * (lane & 3)) * N + (lane >> 2);
                    for (int i = 0; i < e; i++) {
                        b[at + i * N] = decodeB.of(register[lane], i);
                    }
                }
            }
        }

        private void unpackFloats(Warp w, float[] c) {
            for (int q = 0; q < 4; q++) {
                int[] register = w.r[f.in[2][q]];
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    c[place(q, lane)] = Float.intBitsToFloat(register[lane]);
                }
            }
        }

        private void packFloats(Warp w, float[] c) {
            for (int q = 0; q < 4; q++) {
                int[] register = w.r[f.d[q]];
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    register[lane] = Float.floatToRawIntBits(c[place(q, lane)]);
                }
            }
        }

        private void unpackHalves(Warp w, float[] c) {
            for (int q = 0; q < 2; q++) {
                int[] register = w.r[f.in[2][q]];
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    c[place(2 * q, lane)] = SmallFloat.F16.value(register[lane] & 0xffff);
                    c[place(2 * q + 1, lane)] = SmallFloat.F16.value(register[lane] >>> 16);
                }
            }
        }

        private void packHalves(Warp w, float[] c) {
            for (int q = 0; q < 2; q++) {
                int[] register = w.r[f.d[q]];
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    register[lane] = SmallFloat.F16.encode(c[place(2 * q, lane)])
                            | SmallFloat.F16.encode(c[place(2 * q + 1, lane)]) << 16;
                }
            }
        }
    }

    /** Where element q of C of a lane lies in the row-major tile. */
    private static int place(int q, int lane) {
        return ((lane >> 2) + 8 * (q >> 1)) * N + (lane & 3) * 2 + (q & 1);
    }

    /** c += a b; a row-major [16, k], b row-major [k, 8]. */
    private static void multiply(float[] a, float[] b, float[] c, int k) {
        for (int row = 0; row < M; row++) {
            int at = row * N;
            float c0 = c[at];
            float c1 = c[at + 1];
            float c2 = c[at + 2];
            float c3 = c[at + 3];
            float c4 = c[at + 4];
            float c5 = c[at + 5];
            float c6 = c[at + 6];
            float c7 = c[at + 7];
            for (int i = 0; i < k; i++) {
                float x = a[row * k + i];
                int from = i * N;
                c0 += x * b[from];
                c1 += x * b[from + 1];
                c2 += x * b[from + 2];
                c3 += x * b[from + 3];
                c4 += x * b[from + 4];
                c5 += x * b[from + 5];
                c6 += x * b[from + 6];
                c7 += x * b[from + 7];
            }
            c[at] = c0;
            c[at + 1] = c1;
            c[at + 2] = c2;
            c[at + 3] = c3;
            c[at + 4] = c4;
            c[at + 5] = c5;
            c[at + 6] = c6;
            c[at + 7] = c7;
        }
    }

    private static final class IntegerMma extends Op {
        private static final int FIELD = 21;

        private final Fragments f;
        private final boolean signedA;
        private final boolean signedB;
        private final boolean satfinite;

        IntegerMma(Fragments f, PtxType a, PtxType b, boolean satfinite) {
            this.f = f;
            this.signedA = a.isSigned();
            this.signedB = b.isSigned();
            this.satfinite = satfinite;
        }

        @Override
        void run(Warp w) {
            if (!w.converged(this, Warp.ALL)) {
                return;
            }
            int[] a = w.cta.scratch.integers;
            for (int q = 0; q < f.in[0].length; q++) {
                int[] register = w.r[f.in[0][q]];
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    int at = (8 * (q & 1) + (lane >> 2)) * f.k + 16 * (q >> 1) + 4 * (lane & 3);
                    for (int i = 0; i < 4; i++) {
                        a[at + i] = element(register[lane], i, signedA);
                    }
                }
            }
            // three columns of B travel in one long, so that one product serves three sums of at most 21 bits
            long[] b = w.cta.scratch.packed;
            java.util.Arrays.fill(b, 0, 3 * f.k, 0);
            for (int q = 0; q < f.in[1].length; q++) {
                int[] register = w.r[f.in[1][q]];
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    int column = lane >> 2;
                    for (int i = 0; i < 4; i++) {
                        long value = element(register[lane], i, signedB);
                        b[3 * (16 * q + 4 * (lane & 3) + i) + column / 3] += value << FIELD * (column % 3);
                    }
                }
            }
            multiply(w, a, b);
        }

        private static int element(int register, int i, boolean signed) {
            return signed ? (byte) (register >> 8 * i) : register >>> 8 * i & 0xff;
        }

        private void multiply(Warp w, int[] a, long[] b) {
            int[] c = w.cta.scratch.sums;
            int k = f.k;
            for (int row = 0; row < M; row++) {
                long s0 = 0;
                long s1 = 0;
                long s2 = 0;
                for (int i = 0; i < k; i++) {
                    long x = a[row * k + i];
                    s0 += x * b[3 * i];
                    s1 += x * b[3 * i + 1];
                    s2 += x * b[3 * i + 2];
                }
                split(s0, c, row * N, 3);
                split(s1, c, row * N + 3, 3);
                split(s2, c, row * N + 6, 2);
            }
            for (int q = 0; q < 4; q++) {
                int[] from = w.r[f.in[2][q]];
                int[] to = w.r[f.d[q]];
                for (int lane = 0; lane < Warp.LANES; lane++) {
                    long sum = (long) from[lane] + c[place(q, lane)];
                    to[lane] =
                            satfinite ? (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, sum)) : (int) sum;
                }
            }
        }

        /** Takes the fields of a packed sum apart; a negative field has borrowed from the next. */
        private void split(long sum, int[] c, int at, int fields) {
            boolean signed = signedA || signedB;
            long rest = sum;
            for (int i = 0; i < fields; i++) {
                long field = signed ? rest << 64 - FIELD >> 64 - FIELD : rest & (1 << FIELD) - 1;
                c[at + i] = (int) field;
                rest = rest - field >> FIELD;
            }
        }
    }
}
