package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.List;
import java.util.Set;

/** An instruction while it is translated: its operands as register indices. */
final class Site {
    final Translator translator;
    final PtxInstruction in;
    private final int[] positions;

    Site(Translator translator, PtxInstruction in, int[] positions) {
        this.translator = translator;
        this.in = in;
        this.positions = positions;
    }

    /** Last type in the name. */
    PtxType type() {
        List<PtxType> types = in.types();
        if (types.isEmpty()) {
            throw new UnsupportedException("instruction without a type");
        }
        return types.get(types.size() - 1);
    }

    boolean has(String modifier) {
        return in.has(modifier);
    }

    /** Fails, by name, on any modifier that is neither a type nor in {@code known}. */
    Site allow(Set<String> known) {
        for (String modifier : in.modifiers()) {
            if (!known.contains(modifier) && PtxType.of(modifier).isEmpty()) {
                throw new UnsupportedException("modifier ." + modifier + " is not simulated");
            }
        }
        return this;
    }

    UnsupportedException unsupported() {
        return new UnsupportedException(
                "instruction " + in.opcode() + "." + String.join(".", in.modifiers()) + " is not simulated");
    }

    int operands() {
        return in.operands().size();
    }

    PtxOperand operand(int index) {
        if (index >= in.operands().size()) {
            throw new UnsupportedException("expected more than " + index + " operands");
        }
        return in.operands().get(index);
    }

    boolean isWide(int index) {
        return isWide(operand(index));
    }

    static boolean isWide(PtxOperand operand) {
        return operand instanceof PtxOperand.Register reg && reg.register().type.isWide();
    }

    /** Index of a source in the 32-bit bank. */
    int i(int index) {
        return i(operand(index), type());
    }

    int i(PtxOperand operand, PtxType type) {
        if (operand instanceof PtxOperand.Register reg && reg.register().type.bytes > 0 && !isWide(operand)) {
            return translator.banks.of(reg.register());
        }
        if (operand instanceof PtxOperand.Immediate immediate) {
            long bits = immediate.bits();
            if (immediate.floatBytes() == 8 && type == PtxType.F32) {
                bits = Float.floatToRawIntBits((float) Double.longBitsToDouble(bits));
            }
            return translator.banks.constant((int) (type.bytes == 2 ? bits & 0xffff : bits));
        }
        if (operand instanceof PtxOperand.Special special) {
            return translator.banks.special(special.name());
        }
        if (operand instanceof PtxOperand.Variable variable) {
            return address32(variable.variable(), 0);
        }
        if (operand instanceof PtxOperand.Address address && address.base() instanceof PtxOperand.Variable variable) {
            return address32(variable.variable(), address.offset());
        }
        throw new UnsupportedException("operand " + operand + " where 32 bits or fewer are expected");
    }

    /** Index of a source in the 64-bit bank. */
    int l(int index) {
        return l(operand(index));
    }

    int l(PtxOperand operand) {
        if (isWide(operand)) {
            return translator.banks.of(((PtxOperand.Register) operand).register());
        }
        if (operand instanceof PtxOperand.Immediate immediate) {
            return translator.banks.constant(
                    immediate.floatBytes() == 4
                            ? Double.doubleToRawLongBits(Float.intBitsToFloat((int) immediate.bits()))
                            : immediate.bits());
        }
        if (operand instanceof PtxOperand.Special special) {
            return translator.banks.specialWide(special.name());
        }
        if (operand instanceof PtxOperand.Variable variable) {
            return address64(variable.variable(), 0);
        }
        if (operand instanceof PtxOperand.Address address && address.base() instanceof PtxOperand.Variable variable) {
            return address64(variable.variable(), address.offset());
        }
        throw new UnsupportedException("operand " + operand + " where 64 bits are expected");
    }

    private int address32(PtxVariable variable, long offset) {
        return switch (variable.space()) {
            case SHARED -> translator.banks.special(sharedName(variable, offset));
            case LOCAL -> translator.banks.constant((int) (translator.variables.localOffset(variable) + offset));
            default -> throw new UnsupportedException("32-bit address of " + variable.name());
        };
    }

    private int address64(PtxVariable variable, long offset) {
        return switch (variable.space()) {
            case SHARED -> translator.banks.specialWide(sharedName(variable, offset));
            case LOCAL -> translator.banks.constant(translator.variables.localOffset(variable) + offset);
            case PARAM ->
                translator.isKernelParameter(variable)
                        ? translator.banks.constant(
                                Launch.PARAM_WINDOW + translator.kernelParameterOffset(variable) + offset)
                        : translator.banks.constant(translator.variables.localOffset(variable) + offset);
            default -> translator.banks.constant(translator.globalAddress(variable) + offset);
        };
    }

    private String sharedName(PtxVariable variable, long offset) {
        if (variable.dynamic()) {
            translator.variables.useDynamic(variable);
            return "$dynamic+" + offset;
        }
        return "$static+" + (translator.variables.sharedOffset(variable) + offset);
    }

    /** Index of a result in the 32-bit bank. */
    int di(int index) {
        return di(operand(index));
    }

    int di(PtxOperand operand) {
        if (operand instanceof PtxOperand.Sink) {
            return translator.banks.newInt();
        }
        if (operand instanceof PtxOperand.Register reg && reg.register().type.bytes > 0 && !isWide(operand)) {
            return translator.banks.of(reg.register());
        }
        throw new UnsupportedException("result " + operand + " where 32 bits or fewer are expected");
    }

    /** Index of a result in the 64-bit bank. */
    int dl(int index) {
        return dl(operand(index));
    }

    int dl(PtxOperand operand) {
        if (operand instanceof PtxOperand.Sink) {
            return translator.banks.newLong();
        }
        if (isWide(operand)) {
            return translator.banks.of(((PtxOperand.Register) operand).register());
        }
        throw new UnsupportedException("result " + operand + " where 64 bits are expected");
    }

    /** Index of a predicate result. */
    int dp(PtxOperand operand) {
        if (operand instanceof PtxOperand.Sink) {
            return translator.banks.newPredicate();
        }
        return p(operand);
    }

    /** Index of a predicate. */
    int p(PtxOperand operand) {
        if (operand instanceof PtxOperand.Register reg && reg.register().type == PtxType.PRED) {
            return translator.banks.of(reg.register());
        }
        throw new UnsupportedException("operand " + operand + " where a predicate is expected");
    }

    /** All ones for {@code !%p}. */
    static int flip(PtxOperand operand) {
        return operand instanceof PtxOperand.Register reg && reg.negated() ? -1 : 0;
    }

    static boolean isPredicate(PtxOperand operand) {
        return operand instanceof PtxOperand.Register reg && reg.register().type == PtxType.PRED;
    }

    /** Elements of a vector operand, or the operand itself. */
    List<PtxOperand> vector(int index) {
        return operand(index) instanceof PtxOperand.Vector vector ? vector.elements() : List.of(operand(index));
    }

    /** Value of an immediate operand. */
    long immediate(int index) {
        if (operand(index) instanceof PtxOperand.Immediate immediate) {
            return immediate.bits();
        }
        throw new UnsupportedException("operand " + index + " must be a constant");
    }

    boolean isImmediate(int index) {
        return operand(index) instanceof PtxOperand.Immediate;
    }

    ControlOps.Branch branch(int localTarget) {
        return translator.branch(positions, localTarget);
    }

    int[] positions() {
        return positions;
    }
}
