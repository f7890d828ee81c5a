package io.wan4j.testkit.ptx;

import io.wan4j.error.UnsupportedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Parses modules, declarations and function headers. */
final class PtxParser {
    private final PtxCursor cursor;
    private final PtxScope root = new PtxScope(null);

    PtxParser(String ptx) {
        this.cursor = new PtxCursor(ptx);
    }

    PtxModule parse() {
        String target = "";
        PtxModule module = null;
        while (!cursor.done()) {
            String word = cursor.peek().text();
            switch (word) {
                case ".version", ".address_size" -> {
                    cursor.next();
                    cursor.next();
                }
                case ".target" -> {
                    cursor.next();
                    target = cursor.word();
                    while (cursor.take(",")) {
                        cursor.next();
                    }
                    module = new PtxModule(target);
                }
                case ".file", ".loc" -> skipLine();
                case ".section" -> {
                    cursor.skipTo("{");
                    cursor.skipTo("}");
                }
                case ";" -> cursor.next();
                default -> declaration(module == null ? new PtxModule(target) : module);
            }
        }
        if (module == null) {
            throw new UnsupportedException("PTX: no .target directive");
        }
        return module;
    }

    private void skipLine() {
        int line = cursor.line();
        while (!cursor.done() && cursor.line() == line) {
            cursor.next();
        }
    }

    private void declaration(PtxModule module) {
        boolean external = false;
        while (true) {
            String word = cursor.peek().text();
            switch (word) {
                case ".visible", ".weak", ".common" -> cursor.next();
                case ".extern" -> {
                    external = true;
                    cursor.next();
                }
                case ".entry" -> {
                    cursor.next();
                    function(module, true, List.of());
                    return;
                }
                case ".func" -> {
                    cursor.next();
                    function(module, false, cursor.at("(") ? parameters(new PtxScope(root)) : List.of());
                    return;
                }
                default -> {
                    for (PtxVariable variable : variables(cursor, external)) {
                        root.declare(variable);
                        module.add(variable);
                    }
                    return;
                }
            }
        }
    }

    private void function(PtxModule module, boolean kernel, List<PtxVariable> results) {
        String name = cursor.word();
        PtxScope scope = new PtxScope(root);
        results.forEach(scope::declare);
        List<PtxVariable> parameters = cursor.at("(") ? parameters(scope) : List.of();
        int maxThreads = Integer.MAX_VALUE;
        while (!cursor.at("{") && !cursor.at(";")) {
            boolean bound = cursor.at(".maxntid") || cursor.at(".reqntid");
            cursor.next();
            maxThreads = bound ? product() : maxThreads;
        }
        if (cursor.take(";")) {
            return;
        }
        var header = new PtxFunction.Header(module, name, kernel, maxThreads, results, parameters);
        module.add(new PtxBodyParser(cursor, scope).parse(header));
    }

    private int product() {
        long product = cursor.integer();
        while (cursor.take(",")) {
            product *= cursor.integer();
        }
        return (int) product;
    }

    private List<PtxVariable> parameters(PtxScope scope) {
        List<PtxVariable> parameters = new ArrayList<>();
        cursor.expect("(");
        while (!cursor.take(")")) {
            if (cursor.at(".reg")) {
                throw new UnsupportedException("PTX line " + cursor.line() + ": register parameters are not simulated");
            }
            PtxVariable parameter = variable(cursor, false, StateSpace.PARAM);
            scope.declare(parameter);
            parameters.add(parameter);
            cursor.take(",");
        }
        return parameters;
    }

    /** One declaration statement: {@code .space .align .type a, b[4] = {...};}. */
    static List<PtxVariable> variables(PtxCursor cursor, boolean external) {
        List<PtxVariable> variables = new ArrayList<>();
        variables.add(variable(cursor, external, StateSpace.GENERIC));
        cursor.expect(";");
        return variables;
    }

    private static PtxVariable variable(PtxCursor cursor, boolean external, StateSpace otherwise) {
        int line = cursor.line();
        Qualifiers q = new Qualifiers(otherwise);
        while (cursor.peek().text().startsWith(".")) {
            q.take(cursor);
        }
        if (q.type == null || q.space == StateSpace.GENERIC) {
            throw new UnsupportedException("PTX line " + line + ": expected a declaration, got '"
                    + cursor.peek().text() + "'");
        }
        int align = Math.max(q.align, q.type.bytes * q.vector);
        return finish(cursor, external, new Start(q.space, q.type, align, q.vector));
    }

    /** The directives in front of a declared name. */
    private static final class Qualifiers {
        StateSpace space;

        @Nullable
        PtxType type;

        int align;
        int vector = 1;

        Qualifiers(StateSpace space) {
            this.space = space;
        }

        void take(PtxCursor cursor) {
            int line = cursor.line();
            String word = cursor.word();
            switch (word) {
                case ".global" -> space = StateSpace.GLOBAL;
                case ".shared" -> space = StateSpace.SHARED;
                case ".local" -> space = StateSpace.LOCAL;
                case ".const" -> space = StateSpace.CONST;
                case ".param" -> space = StateSpace.PARAM;
                case ".managed", ".visible", ".weak" -> {}
                case ".ptr" -> pointee(cursor);
                case ".attribute" -> cursor.skipTo(")");
                case ".align" -> align = (int) cursor.integer();
                case ".v2" -> vector = 2;
                case ".v4" -> vector = 4;
                default ->
                    type = PtxType.of(word.substring(1))
                            .orElseThrow(() -> new UnsupportedException(
                                    "PTX line " + line + ": directive " + word + " is not simulated"));
            }
        }

        /** Space and alignment after .ptr are the pointee's and say nothing about the parameter itself. */
        private static void pointee(PtxCursor cursor) {
            while (List.of(".global", ".shared", ".local", ".const", ".align")
                    .contains(cursor.peek().text())) {
                if (cursor.word().equals(".align")) {
                    cursor.integer();
                }
            }
        }
    }

    private record Start(StateSpace space, PtxType type, int align, int vector) {}

    private static PtxVariable finish(PtxCursor cursor, boolean external, Start start) {
        String name = cursor.word();
        long count = start.vector();
        boolean unsized = false;
        while (cursor.take("[")) {
            if (cursor.at("]")) {
                unsized = true;
            } else {
                count *= cursor.integer();
            }
            cursor.expect("]");
        }
        byte[] initial = new byte[0];
        if (cursor.take("=")) {
            initial = encode(cursor.numbers(), start.type().bytes);
            count = unsized ? initial.length / start.type().bytes : count;
            unsized = false;
        }
        boolean dynamic = unsized && external;
        long bytes = dynamic ? 0 : count * start.type().bytes;
        return new PtxVariable(start.space(), name, start.align(), bytes, dynamic, initial);
    }

    private static byte[] encode(List<PtxOperand.Immediate> numbers, int width) {
        ByteBuffer out = ByteBuffer.allocate(numbers.size() * width + 8).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < numbers.size(); i++) {
            out.putLong(i * width, numbers.get(i).bits());
        }
        byte[] bytes = new byte[numbers.size() * width];
        out.get(0, bytes);
        return bytes;
    }
}
