package io.wan4j.testkit.ptx;

/**
 * Loops over the 32 lanes, one for each signature.
 *
 * <p>Each class is a template: {@link Specialized} loads its byte code once for every lane function, so that the call in
 * the loop has one target and the JIT compiles a loop for each PTX instruction. Register indices are destination first.
 */
final class LaneOps {
    private LaneOps() {}

    static final class IntUnary extends Op {
        private final LaneFunctions.I1 f;
        private final int[] k;

        IntUnary(LaneFunctions.I1 f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            int[] d = w.r[k[0]];
            int[] x = w.r[k[1]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i]);
                }
            }
        }
    }

    static final class IntBinary extends Op {
        private final LaneFunctions.I2 f;
        private final int[] k;

        IntBinary(LaneFunctions.I2 f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            int[] d = w.r[k[0]];
            int[] x = w.r[k[1]];
            int[] y = w.r[k[2]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i], y[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i], y[i]);
                }
            }
        }
    }

    static final class IntTernary extends Op {
        private final LaneFunctions.I3 f;
        private final int[] k;

        IntTernary(LaneFunctions.I3 f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            int[] d = w.r[k[0]];
            int[] x = w.r[k[1]];
            int[] y = w.r[k[2]];
            int[] z = w.r[k[3]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i], y[i], z[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i], y[i], z[i]);
                }
            }
        }
    }

    static final class IntQuaternary extends Op {
        private final LaneFunctions.I4 f;
        private final int[] k;

        IntQuaternary(LaneFunctions.I4 f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            int[] d = w.r[k[0]];
            int[] x = w.r[k[1]];
            int[] y = w.r[k[2]];
            int[] z = w.r[k[3]];
            int[] u = w.r[k[4]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i], y[i], z[i], u[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i], y[i], z[i], u[i]);
                }
            }
        }
    }

    static final class LongUnary extends Op {
        private final LaneFunctions.L1 f;
        private final int[] k;

        LongUnary(LaneFunctions.L1 f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            long[] d = w.l[k[0]];
            long[] x = w.l[k[1]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i]);
                }
            }
        }
    }

    static final class LongBinary extends Op {
        private final LaneFunctions.L2 f;
        private final int[] k;

        LongBinary(LaneFunctions.L2 f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            long[] d = w.l[k[0]];
            long[] x = w.l[k[1]];
            long[] y = w.l[k[2]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i], y[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i], y[i]);
                }
            }
        }
    }

    static final class LongTernary extends Op {
        private final LaneFunctions.L3 f;
        private final int[] k;

        LongTernary(LaneFunctions.L3 f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            long[] d = w.l[k[0]];
            long[] x = w.l[k[1]];
            long[] y = w.l[k[2]];
            long[] z = w.l[k[3]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i], y[i], z[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i], y[i], z[i]);
                }
            }
        }
    }

    static final class LongShift extends Op {
        private final LaneFunctions.Shift f;
        private final int[] k;

        LongShift(LaneFunctions.Shift f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            long[] d = w.l[k[0]];
            long[] x = w.l[k[1]];
            int[] y = w.r[k[2]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i], y[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i], y[i]);
                }
            }
        }
    }

    static final class Widening extends Op {
        private final LaneFunctions.Widen f;
        private final int[] k;

        Widening(LaneFunctions.Widen f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            long[] d = w.l[k[0]];
            int[] x = w.r[k[1]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i]);
                }
            }
        }
    }

    static final class Narrowing extends Op {
        private final LaneFunctions.Narrow f;
        private final int[] k;

        Narrowing(LaneFunctions.Narrow f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            int[] d = w.r[k[0]];
            long[] x = w.l[k[1]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i]);
                }
            }
        }
    }

    static final class WideProducts extends Op {
        private final LaneFunctions.WideProduct f;
        private final int[] k;

        WideProducts(LaneFunctions.WideProduct f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            long[] d = w.l[k[0]];
            int[] x = w.r[k[1]];
            int[] y = w.r[k[2]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i], y[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i], y[i]);
                }
            }
        }
    }

    static final class WideSums extends Op {
        private final LaneFunctions.WideSum f;
        private final int[] k;

        WideSums(LaneFunctions.WideSum f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            long[] d = w.l[k[0]];
            int[] x = w.r[k[1]];
            int[] y = w.r[k[2]];
            long[] z = w.l[k[3]];
            if (w.mask == Warp.ALL) {
                for (int i = 0; i < Warp.LANES; i++) {
                    d[i] = f.of(x[i], y[i], z[i]);
                }
            } else {
                for (int m = w.mask; m != 0; m &= m - 1) {
                    int i = Integer.numberOfTrailingZeros(m);
                    d[i] = f.of(x[i], y[i], z[i]);
                }
            }
        }
    }

    /** Registers: predicate, a, b. */
    static final class IntTests extends Op {
        private final LaneFunctions.ITest f;
        private final int[] k;

        IntTests(LaneFunctions.ITest f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            int[] x = w.r[k[1]];
            int[] y = w.r[k[2]];
            int result = 0;
            for (int i = 0; i < Warp.LANES; i++) {
                result |= f.of(x[i], y[i]) ? 1 << i : 0;
            }
            w.p[k[0]] = w.p[k[0]] & ~w.mask | result & w.mask;
        }
    }

    /** Registers: predicate, a, b. */
    static final class LongTests extends Op {
        private final LaneFunctions.LTest f;
        private final int[] k;

        LongTests(LaneFunctions.LTest f, int[] k) {
            this.f = f;
            this.k = k;
        }

        @Override
        void run(Warp w) {
            long[] x = w.l[k[1]];
            long[] y = w.l[k[2]];
            int result = 0;
            for (int i = 0; i < Warp.LANES; i++) {
                result |= f.of(x[i], y[i]) ? 1 << i : 0;
            }
            w.p[k[0]] = w.p[k[0]] & ~w.mask | result & w.mask;
        }
    }
}
