package io.wan4j.testkit.ptx;

/** What an instruction does to one lane; floats travel as their bits. */
final class LaneFunctions {
    private LaneFunctions() {}

    interface I1 {
        int of(int a);
    }

    interface I2 {
        int of(int a, int b);
    }

    interface I3 {
        int of(int a, int b, int c);
    }

    interface I4 {
        int of(int a, int b, int c, int d);
    }

    interface L1 {
        long of(long a);
    }

    interface L2 {
        long of(long a, long b);
    }

    interface L3 {
        long of(long a, long b, long c);
    }

    /** 64-bit value and 32-bit amount. */
    interface Shift {
        long of(long a, int by);
    }

    interface Widen {
        long of(int a);
    }

    interface Narrow {
        int of(long a);
    }

    interface WideProduct {
        long of(int a, int b);
    }

    interface WideSum {
        long of(int a, int b, long c);
    }

    interface ITest {
        boolean of(int a, int b);
    }

    interface LTest {
        boolean of(long a, long b);
    }
}
