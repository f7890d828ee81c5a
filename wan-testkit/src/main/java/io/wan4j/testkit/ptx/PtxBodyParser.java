package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Parses the body of one function. */
final class PtxBodyParser {
    private final PtxCursor cursor;
    private PtxScope scope;
    private final List<PtxScope> outer = new ArrayList<>();
    private final List<PtxVariable> variables = new ArrayList<>();
    private final List<PtxInstruction> instructions = new ArrayList<>();

    PtxBodyParser(PtxCursor cursor, PtxScope scope) {
        this.cursor = cursor;
        this.scope = scope;
    }

    PtxFunction parse(PtxFunction.Header header) {
        cursor.expect("{");
        outer.add(scope);
        while (!outer.isEmpty()) {
            statement();
        }
        List<PtxInstruction> resolved = instructions.stream().map(this::resolve).toList();
        return new PtxFunction(header, variables, resolved);
    }

    private void statement() {
        String word = cursor.peek().text();
        if (cursor.take("{")) {
            outer.add(scope);
            scope = new PtxScope(scope);
        } else if (cursor.take("}")) {
            scope = outer.remove(outer.size() - 1);
        } else if (cursor.take(";")) {
            return;
        } else if (word.startsWith(".")) {
            directive(word);
        } else if (cursor.follows(1, ":")) {
            label();
        } else {
            instruction();
        }
    }

    private void label() {
        String name = cursor.word();
        cursor.expect(":");
        if (cursor.take(".branchtargets")) {
            List<String> names = new ArrayList<>();
            while (!cursor.take(";")) {
                names.add(cursor.word());
                cursor.take(",");
            }
            scope.targets(name, names);
        } else if (cursor.at(".callprototype")) {
            throw new UnsupportedException("PTX line " + cursor.line() + ": indirect calls are not simulated");
        } else {
            scope.label(name, instructions.size());
        }
    }

    private void directive(String word) {
        switch (word) {
            case ".reg" -> registers();
            case ".pragma" -> cursor.skipTo(";");
            case ".loc", ".file" -> {
                int line = cursor.line();
                while (cursor.line() == line) {
                    cursor.next();
                }
            }
            default -> {
                for (PtxVariable variable : PtxParser.variables(cursor, false)) {
                    scope.declare(variable);
                    variables.add(variable);
                }
            }
        }
    }

    private void registers() {
        int line = cursor.line();
        cursor.expect(".reg");
        String word = cursor.word();
        if (word.equals(".v2") || word.equals(".v4")) {
            throw new UnsupportedException("PTX line " + line + ": vector registers are not simulated");
        }
        PtxType type = PtxType.of(word.substring(1))
                .orElseThrow(() -> new UnsupportedException("PTX line " + line + ": type " + word));
        do {
            String name = cursor.word();
            if (cursor.take("<")) {
                long count = cursor.integer();
                cursor.expect(">");
                for (int i = 0; i < count; i++) {
                    scope.declare(new PtxRegister(name + i, type));
                }
            } else {
                scope.declare(new PtxRegister(name, type));
            }
        } while (cursor.take(","));
        cursor.expect(";");
    }

    private void instruction() {
        int start = cursor.position();
        int line = cursor.line();
        PtxRegister guard = null;
        boolean negated = false;
        if (cursor.take("@")) {
            negated = cursor.take("!");
            String name = cursor.word();
            guard = scope.register(name);
            if (guard == null) {
                throw new UnsupportedException("PTX line " + line + ": unknown predicate " + name);
            }
        }
        String[] parts = cursor.word().split("\\.");
        List<PtxOperand> operands = new ArrayList<>();
        while (!cursor.take(";")) {
            operands.add(operand());
            cursor.take(",");
        }
        List<String> modifiers = List.of(parts).subList(1, parts.length);
        instructions.add(new PtxInstruction(
                line, cursor.textFrom(start), guard, negated, parts[0], modifiers, List.copyOf(operands)));
    }

    private PtxOperand operand() {
        PtxOperand first = single();
        return cursor.take("|") ? new PtxOperand.Pair(first, single()) : first;
    }

    private PtxOperand single() {
        if (cursor.take("{")) {
            return vector("}");
        }
        if (cursor.take("(")) {
            return vector(")");
        }
        if (cursor.take("[")) {
            return address();
        }
        if (cursor.take("!")) {
            return new PtxOperand.Register(register(cursor.next()), true);
        }
        char c = cursor.peek().text().charAt(0);
        if (c == '-' || Character.isDigit(c)) {
            return cursor.immediate();
        }
        PtxOperand operand = named(cursor.word());
        // "variable + offset" outside brackets
        if (operand instanceof PtxOperand.Variable && (cursor.at("+") || cursor.at("-"))) {
            return new PtxOperand.Address(operand, offset(), null);
        }
        return operand;
    }

    private PtxRegister register(PtxLexer.Token token) {
        PtxRegister register = scope.register(token.text());
        if (register == null) {
            throw new UnsupportedException("PTX line " + token.line() + ": unknown register " + token.text());
        }
        return register;
    }

    private PtxOperand named(String name) {
        if (name.equals("_")) {
            return new PtxOperand.Sink();
        }
        PtxRegister register = scope.register(name);
        if (register != null) {
            return new PtxOperand.Register(register, false);
        }
        PtxVariable variable = scope.variable(name);
        if (variable != null) {
            return new PtxOperand.Variable(variable);
        }
        if (name.equals("WARP_SZ")) {
            return new PtxOperand.Immediate(32, 0);
        }
        return name.startsWith("%") ? new PtxOperand.Special(name) : new PtxOperand.Name(name, scope);
    }

    private PtxOperand.Vector vector(String end) {
        List<PtxOperand> elements = new ArrayList<>();
        while (!cursor.take(end)) {
            elements.add(single());
            cursor.take(",");
        }
        return new PtxOperand.Vector(List.copyOf(elements));
    }

    private PtxOperand address() {
        char c = cursor.peek().text().charAt(0);
        PtxOperand base = Character.isDigit(c) ? cursor.immediate() : named(cursor.word());
        long offset = cursor.at("+") || cursor.at("-") ? offset() : 0;
        PtxOperand.Vector coordinates = null;
        if (cursor.take(",")) {
            cursor.expect("{");
            coordinates = vector("}");
        }
        cursor.expect("]");
        return new PtxOperand.Address(base, offset, coordinates);
    }

    private long offset() {
        cursor.take("+");
        return cursor.integer();
    }

    private PtxInstruction resolve(PtxInstruction instruction) {
        List<PtxOperand> operands = instruction.operands().stream()
                .map(o -> o instanceof PtxOperand.Name name ? resolve(name) : o)
                .toList();
        return new PtxInstruction(
                instruction.line(),
                instruction.text(),
                instruction.guard(),
                instruction.negated(),
                instruction.opcode(),
                instruction.modifiers(),
                operands);
    }

    private static PtxOperand resolve(PtxOperand.Name name) {
        PtxScope scope = (PtxScope) name.scope();
        Integer label = scope.label(name.name());
        if (label != null) {
            return new PtxOperand.Label(label);
        }
        List<String> targets = scope.targets(name.name());
        if (targets == null) {
            return name;
        }
        return new PtxOperand.Labels(
                targets.stream().map(t -> labelOf(scope, t)).toList());
    }

    private static int labelOf(PtxScope scope, String name) {
        @Nullable Integer label = scope.label(name);
        return Objects.requireNonNull(label, () -> "no label " + name);
    }
}
