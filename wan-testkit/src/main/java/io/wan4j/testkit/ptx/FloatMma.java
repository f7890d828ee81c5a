package io.wan4j.testkit.ptx;

/** mma.sync on floating types: row by row, eight sums at a time. Products are exact, so fma rounds as a sum does. */
final class FloatMma extends Op {
    private static final int N = MmaOps.N;

    private final MmaOps.Fragments f;
    private final PtxType typeA;
    private final PtxType typeB;
    private final boolean half;

    FloatMma(MmaOps.Fragments f, PtxType typeA, PtxType typeB, boolean half) {
        this.f = f;
        this.typeA = typeA;
        this.typeB = typeB;
        this.half = half;
    }

    static boolean simulates(PtxType type) {
        return switch (type) {
            case F16, BF16, E4M3, E5M2, TF32 -> true;
            default -> false;
        };
    }

    @Override
    void run(Warp w) {
        if (!w.converged(this, Warp.ALL)) {
            return;
        }
        float[] b = w.cta.scratch.b;
        // most of a tile of a small problem is padding: zeros times finite values change nothing
        boolean finite = unpackColumns(w, b);
        float[] x = w.cta.scratch.a;
        float[] c = w.cta.scratch.c;
        for (int row = 0; row < MmaOps.M; row++) {
            if (finite && isZero(w, row)) {
                keepRow(w, row);
                continue;
            }
            int lane = (row & 7) * 4;
            int at = 0;
            for (int q = row >> 3; q < f.a().length; q += 2) {
                at = decode(w.r[f.a()[q]], lane, typeA, x, at);
            }
            if (half) {
                halfRow(w, row, x, b, c);
            } else {
                floatRow(w, row, x, b, c);
            }
        }
    }

    private boolean isZero(Warp w, int row) {
        int lane = (row & 7) * 4;
        int bits = 0;
        for (int q = row >> 3; q < f.a().length; q += 2) {
            int[] register = w.r[f.a()[q]];
            bits |= register[lane] | register[lane + 1] | register[lane + 2] | register[lane + 3];
        }
        return bits == 0;
    }

    private void keepRow(Warp w, int row) {
        int lane = (row & 7) * 4;
        int registers = half ? 1 : 2;
        for (int q = (row >> 3) * registers; q < (row >> 3) * registers + registers; q++) {
            System.arraycopy(w.r[f.c()[q]], lane, w.r[f.d()[q]], lane, 4);
        }
    }

    /** B as [k, 8]; whether all of it is finite. */
    private boolean unpackColumns(Warp w, float[] b) {
        float[] column = w.cta.scratch.column;
        float zero = 0;
        for (int n = 0; n < N; n++) {
            int at = 0;
            for (int register : f.b()) {
                at = decode(w.r[register], n * 4, typeB, column, at);
            }
            for (int i = 0; i < at; i++) {
                b[i * N + n] = column[i];
                zero += column[i] * 0f;
            }
        }
        return zero == 0;
    }

    /** Decodes the elements that four lanes hold in a register; returns where the next ones go. */
    static int decode(int[] register, int lane, PtxType type, float[] to, int at) {
        switch (type) {
            case BF16 -> {
                for (int t = 0; t < 4; t++) {
                    int v = register[lane + t];
                    to[at + 2 * t] = Float.intBitsToFloat(v << 16);
                    to[at + 2 * t + 1] = Float.intBitsToFloat(v & 0xffff0000);
                }
                return at + 8;
            }
            case F16 -> {
                float[] table = SmallFloat.F16.table();
                for (int t = 0; t < 4; t++) {
                    int v = register[lane + t];
                    to[at + 2 * t] = table[v & 0xffff];
                    to[at + 2 * t + 1] = table[v >>> 16];
                }
                return at + 8;
            }
            case E4M3, E5M2 -> {
                float[] table = (type == PtxType.E4M3 ? SmallFloat.E4M3 : SmallFloat.E5M2).table();
                for (int t = 0; t < 4; t++) {
                    int v = register[lane + t];
                    to[at + 4 * t] = table[v & 0xff];
                    to[at + 4 * t + 1] = table[v >>> 8 & 0xff];
                    to[at + 4 * t + 2] = table[v >>> 16 & 0xff];
                    to[at + 4 * t + 3] = table[v >>> 24];
                }
                return at + 16;
            }
            default -> {
                for (int t = 0; t < 4; t++) {
                    to[at + t] = Float.intBitsToFloat(register[lane + t] & ~0x1fff);
                }
                return at + 4;
            }
        }
    }

    private void floatRow(Warp w, int row, float[] x, float[] b, float[] c) {
        int q = row >> 3 << 1;
        int lane = (row & 7) * 4;
        int[] even = w.r[f.c()[q]];
        int[] odd = w.r[f.c()[q + 1]];
        for (int t = 0; t < 4; t++) {
            c[2 * t] = Float.intBitsToFloat(even[lane + t]);
            c[2 * t + 1] = Float.intBitsToFloat(odd[lane + t]);
        }
        multiply(x, b, c, f.k());
        int[] evenTo = w.r[f.d()[q]];
        int[] oddTo = w.r[f.d()[q + 1]];
        for (int t = 0; t < 4; t++) {
            evenTo[lane + t] = Float.floatToRawIntBits(c[2 * t]);
            oddTo[lane + t] = Float.floatToRawIntBits(c[2 * t + 1]);
        }
    }

    private void halfRow(Warp w, int row, float[] x, float[] b, float[] c) {
        int lane = (row & 7) * 4;
        int[] from = w.r[f.c()[row >> 3]];
        for (int t = 0; t < 4; t++) {
            c[2 * t] = SmallFloat.F16.value(from[lane + t] & 0xffff);
            c[2 * t + 1] = SmallFloat.F16.value(from[lane + t] >>> 16);
        }
        multiply(x, b, c, f.k());
        int[] to = w.r[f.d()[row >> 3]];
        for (int t = 0; t < 4; t++) {
            to[lane + t] = SmallFloat.F16.encode(c[2 * t]) | SmallFloat.F16.encode(c[2 * t + 1]) << 16;
        }
    }

    /** c [8] += x [k] b [k, 8]. */
    static void multiply(float[] x, float[] b, float[] c, int k) {
        float c0 = c[0];
        float c1 = c[1];
        float c2 = c[2];
        float c3 = c[3];
        float c4 = c[4];
        float c5 = c[5];
        float c6 = c[6];
        float c7 = c[7];
        for (int i = 0; i < k; i++) {
            float y = x[i];
            int from = i * N;
            c0 = Math.fma(y, b[from], c0);
            c1 = Math.fma(y, b[from + 1], c1);
            c2 = Math.fma(y, b[from + 2], c2);
            c3 = Math.fma(y, b[from + 3], c3);
            c4 = Math.fma(y, b[from + 4], c4);
            c5 = Math.fma(y, b[from + 5], c5);
            c6 = Math.fma(y, b[from + 6], c6);
            c7 = Math.fma(y, b[from + 7], c7);
        }
        c[0] = c0;
        c[1] = c1;
        c[2] = c2;
        c[3] = c3;
        c[4] = c4;
        c[5] = c5;
        c[6] = c6;
        c[7] = c7;
    }
}
