package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Translates a kernel, with the device functions it calls put in their place, to ops. */
final class Translator {
    final PtxFunction kernel;
    final RegisterBanks banks = new RegisterBanks();
    final VariableTable variables = new VariableTable();
    final int granuleShift;
    boolean globalAtomics;
    private final Map<String, Long> globals;
    private final Map<PtxVariable, Integer> parameterOffsets = new IdentityHashMap<>();
    private final List<Op> code = new ArrayList<>();
    private final List<Runnable> fixups = new ArrayList<>();
    private final List<PtxFunction> callers = new ArrayList<>();

    private Translator(PtxFunction kernel, Map<String, Long> globals) {
        this.kernel = kernel;
        this.globals = globals;
        for (int i = 0; i < kernel.parameters.size(); i++) {
            parameterOffsets.put(kernel.parameters.get(i), kernel.parameterOffset(i));
        }
        this.granuleShift = Integer.numberOfTrailingZeros(narrowest(kernel));
    }

    /**
     * @param globals addresses of the module's variables
     * @throws UnsupportedException naming line and instruction, if one is not simulated
     */
    static Program translate(PtxFunction kernel, Map<String, Long> globals) {
        Translator translator = new Translator(kernel, globals);
        if (kernel.instructions.stream().noneMatch(in -> in.opcode().equals("call"))) {
            translator.banks.share(RegisterLifetimes.places(kernel.instructions));
        }
        translator.emit(kernel);
        translator.fixups.forEach(Runnable::run);
        return new Program(translator, translator.code.toArray(new Op[0]));
    }

    /** Width of the narrowest access that may touch shared memory. */
    private static int narrowest(PtxFunction kernel) {
        int least = 16;
        for (PtxFunction function : kernel.module.functions()) {
            if (function == kernel || !function.kernel) {
                for (PtxInstruction in : function.instructions) {
                    least = Math.min(least, sharedWidth(in));
                }
            }
        }
        return least;
    }

    private static int sharedWidth(PtxInstruction in) {
        boolean generic = !in.has("global") && !in.has("local") && !in.has("param") && !in.has("const");
        return switch (in.opcode()) {
            case "ld", "st", "atom", "red", "ldu" -> {
                List<PtxType> types = in.types();
                boolean touches = (generic || in.has("shared") || in.has("shared::cta") || in.has("shared::cluster"));
                int count = in.has("v4") ? 4 : in.has("v2") ? 2 : 1;
                yield touches && !types.isEmpty() ? Math.min(16, types.get(types.size() - 1).bytes * count) : 16;
            }
            case "cp" ->
                in.has("async")
                                && !in.has("bulk")
                                && in.operands().size() > 2
                                && in.operands().get(2) instanceof PtxOperand.Immediate size
                        ? (int) size.bits()
                        : 16;
            default -> 16;
        };
    }

    private void emit(PtxFunction function) {
        if (callers.contains(function)) {
            throw new UnsupportedException("recursive function " + function.name() + " is not simulated");
        }
        callers.add(function);
        int[] positions = new int[function.instructions.size() + 1];
        for (int i = 0; i < function.instructions.size(); i++) {
            positions[i] = code.size();
            translate(function.instructions.get(i), positions);
        }
        positions[function.instructions.size()] = code.size();
        if (function == kernel) {
            add(new ControlOps.Exit(), Op.NONE);
        }
        callers.remove(callers.size() - 1);
    }

    private void translate(PtxInstruction in, int[] positions) {
        try {
            if (in.opcode().equals("call")) {
                call(in);
            } else if (in.opcode().equals("ret") && callers.size() > 1) {
                add(branch(positions, positions.length - 1), in);
            } else {
                add(InstructionSet.translate(new Site(this, in, positions)), in);
            }
        } catch (UnsupportedException e) {
            throw new UnsupportedException(
                    kernel.name() + " line " + in.line() + ": " + e.getMessage() + " in `" + in.text() + "`", e);
        }
    }

    ControlOps.Branch branch(int[] positions, int target) {
        ControlOps.Branch branch = new ControlOps.Branch();
        fixups.add(() -> branch.target = positions[target]);
        return branch;
    }

    void later(Runnable fixup) {
        fixups.add(fixup);
    }

    private void add(@Nullable Op op, PtxInstruction in) {
        if (op == null) {
            throw new UnsupportedException(
                    "instruction " + in.opcode() + "." + String.join(".", in.modifiers()) + " is not simulated");
        }
        op.source = in;
        if (in.guard() != null) {
            op.guard = banks.of(in.guard());
            op.guardFlip = in.negated() ? -1 : 0;
        }
        code.add(op);
    }

    private void call(PtxInstruction in) {
        List<PtxOperand> operands = in.operands();
        int name = operands.get(0) instanceof PtxOperand.Vector ? 1 : 0;
        if (!(operands.get(name) instanceof PtxOperand.Name callee)) {
            throw new UnsupportedException("indirect call is not simulated");
        }
        if (!kernel.module.hasFunction(callee.name())) {
            Op builtin = ControlOps.builtin(callee.name());
            add(builtin, in);
            return;
        }
        PtxFunction function = kernel.module.function(callee.name());
        if (name == 1) {
            bind(function.results, operands.get(0));
        }
        if (operands.size() > name + 1) {
            bind(function.parameters, operands.get(name + 1));
        }
        if (in.guard() == null) {
            emit(function);
        } else {
            // lanes whose guard is false go round the inlined body
            ControlOps.Branch around = new ControlOps.Branch();
            add(around, in);
            around.guardFlip = ~around.guardFlip;
            emit(function);
            int end = code.size();
            fixups.add(() -> around.target = end);
        }
    }

    private void bind(List<PtxVariable> parameters, PtxOperand arguments) {
        List<PtxOperand> given = ((PtxOperand.Vector) arguments).elements();
        for (int i = 0; i < given.size(); i++) {
            if (!(given.get(i) instanceof PtxOperand.Variable argument)) {
                throw new UnsupportedException("call with an argument that is no .param variable is not simulated");
            }
            variables.bind(parameters.get(i), argument.variable());
        }
    }

    boolean isKernelParameter(PtxVariable variable) {
        return parameterOffsets.containsKey(variable);
    }

    int kernelParameterOffset(PtxVariable variable) {
        return Objects.requireNonNull(parameterOffsets.get(variable), variable.name());
    }

    long globalAddress(PtxVariable variable) {
        Long address = globals.get(variable.name());
        if (address == null) {
            throw new UnsupportedException("variable " + variable.name() + " has no address");
        }
        return address;
    }
}
