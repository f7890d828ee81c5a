package io.wan4j.testkit.ptx;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One instruction of a function body.
 *
 * @param line line in the PTX text, from 1
 * @param text the source text of the instruction
 * @param guard predicate that guards it, or null
 * @param negated whether the guard is {@code @!p}
 * @param opcode first part of the name, e.g. {@code ld}
 * @param modifiers the other parts, e.g. {@code global, v4, f32}
 */
record PtxInstruction(
        int line,
        String text,
        @Nullable PtxRegister guard,
        boolean negated,
        String opcode,
        List<String> modifiers,
        List<PtxOperand> operands) {
    PtxInstruction {
        modifiers = List.copyOf(modifiers);
        operands = List.copyOf(operands);
    }

    boolean has(String modifier) {
        return modifiers.contains(modifier);
    }

    List<PtxType> types() {
        return modifiers.stream().flatMap(m -> PtxType.of(m).stream()).toList();
    }
}
