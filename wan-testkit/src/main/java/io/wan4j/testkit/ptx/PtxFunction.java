package io.wan4j.testkit.ptx;

import java.util.List;

/** A kernel or a device function of a {@link PtxModule}. Immutable; launch kernels with {@link SimulatedGpu#launch}. */
public final class PtxFunction {
    final PtxModule module;
    final boolean kernel;
    final List<PtxVariable> results;
    final List<PtxVariable> parameters;
    final List<PtxVariable> variables;
    final List<PtxInstruction> instructions;
    private final String name;
    private final int maxThreads;

    PtxFunction(Header header, List<PtxVariable> variables, List<PtxInstruction> instructions) {
        this.module = header.module();
        this.name = header.name();
        this.kernel = header.kernel();
        this.maxThreads = header.maxThreads();
        this.results = List.copyOf(header.results());
        this.parameters = List.copyOf(header.parameters());
        this.variables = List.copyOf(variables);
        this.instructions = List.copyOf(instructions);
    }

    /** Name as it stands in the PTX text. */
    public String name() {
        return name;
    }

    /** Whether this is an entry point. */
    public boolean isKernel() {
        return kernel;
    }

    /** Most threads of a block, as the launch bounds say; {@code Integer.MAX_VALUE} without bounds. */
    public int maxThreads() {
        return maxThreads;
    }

    /** Size of the parameter block of a launch in bytes. */
    public int parameterBytes() {
        return (int) Layout.end(parameters);
    }

    /** Byte offset of parameter {@code index} in the parameter block. */
    public int parameterOffset(int index) {
        return (int) Layout.offsets(parameters, 0).get(index).longValue();
    }

    /** Number of parameters. */
    public int parameterCount() {
        return parameters.size();
    }

    @Override
    public String toString() {
        return name;
    }

    record Header(
            PtxModule module,
            String name,
            boolean kernel,
            int maxThreads,
            List<PtxVariable> results,
            List<PtxVariable> parameters) {}
}
