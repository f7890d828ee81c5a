package io.wan4j.checkpoint.pickle;

import io.wan4j.checkpoint.pickle.PickleValue.Bool;
import io.wan4j.checkpoint.pickle.PickleValue.Dict;
import io.wan4j.checkpoint.pickle.PickleValue.Global;
import io.wan4j.checkpoint.pickle.PickleValue.Int;
import io.wan4j.checkpoint.pickle.PickleValue.Items;
import io.wan4j.checkpoint.pickle.PickleValue.None;
import io.wan4j.checkpoint.pickle.PickleValue.Real;
import io.wan4j.checkpoint.pickle.PickleValue.Text;
import io.wan4j.checkpoint.pickle.PickleValue.Tuple;
import io.wan4j.error.CheckpointException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A stack machine for the few pickle opcodes that state dicts consist of. Everything else is refused by opcode or name
 * and position. Nothing is executed: classes and functions are names, and calling one of the known ones only makes a
 * {@link PickleValue}. Time and memory are linear in the length of the pickle. Source: Python's {@code pickletools}.
 */
final class PickleMachine {
    private static final int MAX_STEPS = 2_000_000;

    private final PickleReader in;
    private final List<PickleValue> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Integer, PickleValue> memo = new HashMap<>();

    private PickleMachine(PickleReader in) {
        this.in = in;
    }

    /**
     * The value that a pickle describes.
     *
     * @throws CheckpointException if it holds anything that a state dict does not need
     */
    static PickleValue read(String where, byte[] pickle) {
        PickleMachine machine = new PickleMachine(new PickleReader(where, pickle));
        for (int step = 0; step < MAX_STEPS; step++) {
            int opcode = machine.in.opcode();
            if (opcode == '.') {
                return machine.pop();
            }
            machine.step(opcode);
        }
        throw machine.in.failure("at most " + MAX_STEPS + " opcodes; a state dict has far fewer");
    }

    private void step(int opcode) {
        switch (opcode) {
            case 0x80 -> protocol(in.u8());
            case 0x95 -> in.skip(8);
            case '(' -> marks.add(stack.size());
            case 'c' -> push(global(in.line(), in.line()));
            case 0x93 -> stackGlobal();
            case 'R' -> reduce();
            case 'Q' -> push(TorchObjects.storage(in, pop(Tuple.class)));
            case 'b' -> build();
            case 'q' -> memo.put(in.u8(), top());
            case 'r' -> memo.put(in.i32(), top());
            case 0x94 -> memo.put(memo.size(), top());
            case 'h' -> push(recall(in.u8()));
            case 'j' -> push(recall(in.i32()));
            default -> {
                if (!literal(opcode) && !collection(opcode)) {
                    throw in.failure("the opcodes of a state dict, got "
                            + (opcode > ' ' && opcode < 0x7F ? "'" + (char) opcode + "' " : "")
                            + String.format("0x%02x", opcode) + "; only tensors by name are read from a pickle");
                }
            }
        }
    }

    private boolean literal(int opcode) {
        switch (opcode) {
            case 'N' -> push(None.NONE);
            case 0x88 -> push(new Bool(true));
            case 0x89 -> push(new Bool(false));
            case 'J' -> push(new Int(in.i32()));
            case 'K' -> push(new Int(in.u8()));
            case 'M' -> push(new Int(in.u16()));
            case 0x8a -> push(new Int(in.integer(in.u8())));
            case 'G' -> push(new Real(in.bigEndianDouble()));
            case 'X' -> push(new Text(in.text(in.i32() & 0xFFFFFFFFL)));
            case 0x8c -> push(new Text(in.text(in.u8())));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean collection(int opcode) {
        switch (opcode) {
            case '}' -> push(new Dict());
            case ']' -> push(new Items());
            case ')' -> push(new Tuple(List.of()));
            case 't' -> push(new Tuple(popToMark()));
            case 0x85, 0x86, 0x87 -> push(new Tuple(popLast(opcode - 0x84)));
            case 'a' -> append(popLast(1));
            case 'e' -> append(popToMark());
            case 's' -> setItems(popLast(2));
            case 'u' -> setItems(popToMark());
            default -> {
                return false;
            }
        }
        return true;
    }

    private void protocol(int version) {
        if (version > 5) {
            throw in.failure("a pickle protocol up to 5, got " + version);
        }
    }

    private Global global(String module, String name) {
        return new Global(TorchGlobal.find(module, name)
                .orElseThrow(() -> in.failure("only the classes of a state dict, got " + module + "." + name
                        + "; it is not loaded, because a pickle could run code. Convert the file to safetensors")));
    }

    private void stackGlobal() {
        Text name = pop(Text.class);
        Text module = pop(Text.class);
        push(global(module.value(), name.value()));
    }

    private void reduce() {
        Tuple arguments = pop(Tuple.class);
        Global callable = pop(Global.class);
        push(TorchObjects.call(in, callable.global(), arguments.items()));
    }

    /** A state dict's {@code _metadata} attribute: read and dropped. */
    private void build() {
        pop(Dict.class);
        if (!(top() instanceof Dict)) {
            throw in.failure("BUILD on a dict only, got one on " + top().kind());
        }
    }

    private PickleValue recall(int index) {
        PickleValue value = memo.get(index);
        if (value == null) {
            throw in.failure("a memo entry " + Integer.toUnsignedString(index) + ", got none");
        }
        return value;
    }

    private void append(List<PickleValue> values) {
        if (!(top() instanceof Items list)) {
            throw in.failure("a list to append to, got " + top().kind());
        }
        list.items().addAll(values);
    }

    private void setItems(List<PickleValue> pairs) {
        if (!(top() instanceof Dict dict) || pairs.size() % 2 != 0) {
            throw in.failure("a dict and pairs to put into it, got " + top().kind() + " and " + pairs.size());
        }
        for (int i = 0; i < pairs.size(); i += 2) {
            if (!(pairs.get(i) instanceof Text key)) {
                throw in.failure("a string as key, got " + pairs.get(i).kind());
            }
            if (dict.entries().put(key.value(), pairs.get(i + 1)) != null) {
                throw in.failure("each key once, got two of " + key.value());
            }
        }
    }

    private void push(PickleValue value) {
        stack.add(value);
    }

    private PickleValue top() {
        checkDepth(1);
        return stack.get(stack.size() - 1);
    }

    private PickleValue pop() {
        checkDepth(1);
        return stack.remove(stack.size() - 1);
    }

    private <T extends PickleValue> T pop(Class<T> type) {
        PickleValue value = pop();
        if (!type.isInstance(value)) {
            throw in.failure("a " + type.getSimpleName() + " on the stack, got " + value.kind());
        }
        return type.cast(value);
    }

    private List<PickleValue> popToMark() {
        if (marks.isEmpty()) {
            throw in.failure("a mark on the stack");
        }
        return cut(marks.remove(marks.size() - 1));
    }

    private List<PickleValue> popLast(int count) {
        checkDepth(count);
        return cut(stack.size() - count);
    }

    private List<PickleValue> cut(int from) {
        List<PickleValue> tail = stack.subList(from, stack.size());
        List<PickleValue> copy = List.copyOf(tail);
        tail.clear();
        return copy;
    }

    /** A mark is a floor: nothing below it may be taken. */
    private void checkDepth(int count) {
        int floor = marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
        if (stack.size() - floor < count) {
            throw in.failure(count + " values on the stack, got " + (stack.size() - floor));
        }
    }
}
