package io.wan4j.testkit.ptx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Names visible in one pair of braces, and those of the braces around it. */
final class PtxScope {
    private final @Nullable PtxScope parent;
    private final Map<String, PtxRegister> registers = new HashMap<>();
    private final Map<String, PtxVariable> variables = new HashMap<>();
    private final Map<String, Integer> labels = new HashMap<>();
    private final Map<String, List<String>> targets = new HashMap<>();

    PtxScope(@Nullable PtxScope parent) {
        this.parent = parent;
    }

    void declare(PtxRegister register) {
        registers.put(register.name, register);
    }

    void declare(PtxVariable variable) {
        variables.put(variable.name(), variable);
    }

    void label(String name, int instruction) {
        labels.put(name, instruction);
    }

    void targets(String name, List<String> names) {
        targets.put(name, names);
    }

    @Nullable
    PtxRegister register(String name) {
        PtxRegister found = registers.get(name);
        return found != null || parent == null ? found : parent.register(name);
    }

    @Nullable
    PtxVariable variable(String name) {
        PtxVariable found = variables.get(name);
        return found != null || parent == null ? found : parent.variable(name);
    }

    @Nullable
    Integer label(String name) {
        Integer found = labels.get(name);
        return found != null || parent == null ? found : parent.label(name);
    }

    @Nullable
    List<String> targets(String name) {
        List<String> found = targets.get(name);
        return found != null || parent == null ? found : parent.targets(name);
    }
}
