package io.wan4j.testkit.ptx;

import java.util.IdentityHashMap;
import java.util.Map;

/** Gives shared and local variables and the parameters of device functions their place. */
final class VariableTable {
    private final Map<PtxVariable, Integer> shared = new IdentityHashMap<>();
    private final Map<PtxVariable, Integer> local = new IdentityHashMap<>();
    private final Map<PtxVariable, PtxVariable> bound = new IdentityHashMap<>();
    private long sharedEnd;
    private long localEnd;
    private int dynamicAlign = 16;

    /** Byte offset of a static shared variable. */
    int sharedOffset(PtxVariable variable) {
        return shared.computeIfAbsent(variable, v -> {
            long start = Layout.align(sharedEnd, v.align());
            sharedEnd = start + v.bytes();
            return (int) start;
        });
    }

    void useDynamic(PtxVariable variable) {
        dynamicAlign = Math.max(dynamicAlign, variable.align());
    }

    /** Byte offset of a local variable, or of a parameter of a device function. */
    int localOffset(PtxVariable variable) {
        PtxVariable target = bound.get(variable);
        if (target != null) {
            return localOffset(target);
        }
        return local.computeIfAbsent(variable, v -> {
            long start = Layout.align(localEnd, v.align());
            localEnd = start + v.bytes();
            return (int) start;
        });
    }

    /** Lets a parameter of an inlined function stand for the caller's variable. */
    void bind(PtxVariable parameter, PtxVariable argument) {
        bound.put(parameter, argument);
    }

    int sharedBytes() {
        return (int) sharedEnd;
    }

    int localBytes() {
        return (int) localEnd;
    }

    int dynamicAlign() {
        return dynamicAlign;
    }
}
