package io.wan4j.testkit.ptx;

import java.util.Arrays;

/**
 * mma.sync on 8-bit integers. Three columns of B travel in one long, so that one product serves three sums; the sums of
 * 32 products need at most 21 bits.
 */
final class IntegerMma extends Op {
    private static final int FIELD = 21;

    private final MmaOps.Fragments f;
    private final boolean signedA;
    private final boolean signedB;
    private final boolean satfinite;

    IntegerMma(MmaOps.Fragments f, PtxType a, PtxType b, boolean satfinite) {
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
        long[] b = w.cta.scratch.packed;
        packColumns(w, b);
        int[] x = w.cta.scratch.integers;
        for (int row = 0; row < MmaOps.M; row++) {
            // the sums of a row of padding are zero
            int bits = 0;
            int at = 0;
            for (int q = row >> 3; q < f.a().length; q += 2) {
                int[] register = w.r[f.a()[q]];
                int lane = (row & 7) * 4;
                for (int t = 0; t < 4; t++) {
                    int v = register[lane + t];
                    bits |= v;
                    x[at] = signedA ? (byte) v : v & 0xff;
                    x[at + 1] = signedA ? (byte) (v >> 8) : v >>> 8 & 0xff;
                    x[at + 2] = signedA ? (byte) (v >> 16) : v >>> 16 & 0xff;
                    x[at + 3] = signedA ? v >> 24 : v >>> 24;
                    at += 4;
                }
            }
            multiply(w, row, x, b, bits == 0 ? 0 : f.k());
        }
    }

    private void packColumns(Warp w, long[] b) {
        Arrays.fill(b, 0, 3 * f.k(), 0);
        for (int q = 0; q < f.b().length; q++) {
            int[] register = w.r[f.b()[q]];
            for (int lane = 0; lane < Warp.LANES; lane++) {
                int column = lane >> 2;
                int at = 3 * (16 * q + 4 * (lane & 3)) + column / 3;
                int shift = FIELD * (column % 3);
                int v = register[lane];
                for (int i = 0; i < 4; i++) {
                    long value = signedB ? (byte) v : v & 0xff;
                    b[at + 3 * i] += value << shift;
                    v >>>= 8;
                }
            }
        }
    }

    private void multiply(Warp w, int row, int[] x, long[] b, int k) {
        long s0 = 0;
        long s1 = 0;
        long s2 = 0;
        for (int i = 0; i < k; i++) {
            long y = x[i];
            s0 += y * b[3 * i];
            s1 += y * b[3 * i + 1];
            s2 += y * b[3 * i + 2];
        }
        int[] c = w.cta.scratch.sums;
        split(s0, c, 0, 3);
        split(s1, c, 3, 3);
        split(s2, c, 6, 2);
        int lane = (row & 7) * 4;
        for (int odd = 0; odd < 2; odd++) {
            int q = (row >> 3 << 1) + odd;
            int[] from = w.r[f.c()[q]];
            int[] to = w.r[f.d()[q]];
            for (int t = 0; t < 4; t++) {
                long sum = (long) from[lane + t] + c[2 * t + odd];
                to[lane + t] =
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
