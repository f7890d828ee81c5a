package io.wan4j.testkit.ptx;

import java.util.ArrayList;
import java.util.List;

/** Places variables one after the other, each at its alignment. */
final class Layout {
    private Layout() {}

    static List<Long> offsets(List<PtxVariable> variables, long start) {
        List<Long> offsets = new ArrayList<>();
        long at = start;
        for (PtxVariable variable : variables) {
            at = align(at, variable.align());
            offsets.add(at);
            at += variable.bytes();
        }
        return offsets;
    }

    static long end(List<PtxVariable> variables) {
        long at = 0;
        for (PtxVariable variable : variables) {
            at = align(at, variable.align()) + variable.bytes();
        }
        return at;
    }

    static long align(long value, long alignment) {
        return (value + alignment - 1) & -alignment;
    }
}
