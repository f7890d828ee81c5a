package io.wan4j.testkit.ptx;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A parsed PTX text: its functions and module variables. */
public final class PtxModule {
    private final Map<String, PtxFunction> functions = new LinkedHashMap<>();
    private final Map<String, PtxVariable> variables = new LinkedHashMap<>();
    private final String target;

    PtxModule(String target) {
        this.target = target;
    }

    /**
     * Parses PTX as NVRTC and nvcc write it.
     *
     * @throws io.wan4j.error.UnsupportedException naming the line, if the text holds a construct outside the simulated part of PTX
     */
    public static PtxModule parse(String ptx) {
        return new PtxParser(ptx).parse();
    }

    /** Value of the {@code .target} directive, e.g. {@code sm_89}. */
    public String target() {
        return target;
    }

    /** All functions, in the order of the text. */
    public Collection<PtxFunction> functions() {
        return List.copyOf(functions.values());
    }

    /**
     * The function of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public PtxFunction function(String name) {
        PtxFunction function = functions.get(name);
        if (function == null) {
            throw new IllegalArgumentException("no function " + name + ", have " + functions.keySet());
        }
        return function;
    }

    boolean hasFunction(String name) {
        return functions.containsKey(name);
    }

    void add(PtxFunction function) {
        functions.put(function.name(), function);
    }

    void add(PtxVariable variable) {
        variables.put(variable.name(), variable);
    }

    Map<String, PtxVariable> variables() {
        return variables;
    }
}
