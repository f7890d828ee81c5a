package io.wan4j.testkit.ptx;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Operand of an instruction, with names already resolved. */
sealed interface PtxOperand {
    /** A register; {@code negated} for {@code !%p}. */
    record Register(PtxRegister register, boolean negated) implements PtxOperand {}

    /** {@code %p|%q}: two results. */
    record Pair(PtxOperand first, PtxOperand second) implements PtxOperand {}

    /** Integer or floating constant: the raw bits, and the width of a floating constant (0 for an integer). */
    record Immediate(long bits, int floatBytes) implements PtxOperand {}

    /** A predefined register such as {@code %tid.x}. */
    record Special(String name) implements PtxOperand {}

    /** Address of a variable. */
    record Variable(PtxVariable variable) implements PtxOperand {}

    /** Index of the instruction a label stands before. */
    record Label(int target) implements PtxOperand {}

    /** List of labels of an indirect branch. */
    record Labels(List<Integer> targets) implements PtxOperand {}

    /** A name that is none of the above, e.g. a function. */
    record Name(String name, Object scope) implements PtxOperand {}

    /** {@code {a, b, ...}} or a parenthesised argument list. */
    record Vector(List<PtxOperand> elements) implements PtxOperand {}

    /** {@code [base + offset]}, with the tensor coordinates of {@code [map, {x, y}]} if given. */
    record Address(PtxOperand base, long offset, @Nullable Vector coordinates) implements PtxOperand {}

    /** {@code _}: a result nobody wants. */
    record Sink() implements PtxOperand {}
}
