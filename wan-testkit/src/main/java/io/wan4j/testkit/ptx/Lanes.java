package io.wan4j.testkit.ptx;

/** Makes ops from lane functions, for instructions whose operands are the result followed by the arguments. */
final class Lanes {
    private Lanes() {}

    static Op i1(Site s, LaneFunctions.I1 f) {
        return i1(f, s.di(0), s.i(1));
    }

    static Op i1(LaneFunctions.I1 f, int... registers) {
        return Specialized.op(LaneOps.IntUnary.class, LaneFunctions.I1.class, f, registers);
    }

    static Op i2(Site s, LaneFunctions.I2 f) {
        return i2(f, s.di(0), s.i(1), s.i(2));
    }

    static Op i2(LaneFunctions.I2 f, int... registers) {
        return Specialized.op(LaneOps.IntBinary.class, LaneFunctions.I2.class, f, registers);
    }

    static Op i3(Site s, LaneFunctions.I3 f) {
        return i3(f, s.di(0), s.i(1), s.i(2), s.i(3));
    }

    static Op i3(LaneFunctions.I3 f, int... registers) {
        return Specialized.op(LaneOps.IntTernary.class, LaneFunctions.I3.class, f, registers);
    }

    static Op i4(LaneFunctions.I4 f, int... registers) {
        return Specialized.op(LaneOps.IntQuaternary.class, LaneFunctions.I4.class, f, registers);
    }

    static Op l1(Site s, LaneFunctions.L1 f) {
        return l1(f, s.dl(0), s.l(1));
    }

    static Op l1(LaneFunctions.L1 f, int... registers) {
        return Specialized.op(LaneOps.LongUnary.class, LaneFunctions.L1.class, f, registers);
    }

    static Op l2(Site s, LaneFunctions.L2 f) {
        return Specialized.op(LaneOps.LongBinary.class, LaneFunctions.L2.class, f, s.dl(0), s.l(1), s.l(2));
    }

    static Op l3(Site s, LaneFunctions.L3 f) {
        return Specialized.op(LaneOps.LongTernary.class, LaneFunctions.L3.class, f, s.dl(0), s.l(1), s.l(2), s.l(3));
    }

    /** 64-bit result of a 64-bit value and a 32-bit amount. */
    static Op shift(Site s, LaneFunctions.Shift f) {
        int amount = s.i(s.operand(2), PtxType.U32);
        return Specialized.op(LaneOps.LongShift.class, LaneFunctions.Shift.class, f, s.dl(0), s.l(1), amount);
    }

    static Op widen(LaneFunctions.Widen f, int... registers) {
        return Specialized.op(LaneOps.Widening.class, LaneFunctions.Widen.class, f, registers);
    }

    static Op narrow(LaneFunctions.Narrow f, int... registers) {
        return Specialized.op(LaneOps.Narrowing.class, LaneFunctions.Narrow.class, f, registers);
    }

    static Op wideProduct(Site s, LaneFunctions.WideProduct f) {
        return Specialized.op(LaneOps.WideProducts.class, LaneFunctions.WideProduct.class, f, s.dl(0), s.i(1), s.i(2));
    }

    static Op wideSum(Site s, LaneFunctions.WideSum f) {
        return Specialized.op(LaneOps.WideSums.class, LaneFunctions.WideSum.class, f, s.dl(0), s.i(1), s.i(2), s.l(3));
    }
}
