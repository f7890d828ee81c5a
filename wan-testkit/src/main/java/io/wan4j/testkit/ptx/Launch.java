package io.wan4j.testkit.ptx;

/** What all blocks of one launch have in common. */
final class Launch {
    final Program program;
    final Grid grid;
    final int threads;
    final DeviceMemory memory;
    final Allocation parameters;
    final byte[] parameterBytes;
    final SimulatorOptions options;
    final Findings findings;

    /** Addresses of parameters in generic space start here. */
    static final long PARAM_WINDOW = 0x7200_0000_0000L;

    static final long SHARED_WINDOW = 0x7000_0000_0000L;
    static final long LOCAL_WINDOW = 0x7100_0000_0000L;
    static final int WINDOW_BITS = 40;

    Launch(Program program, Grid grid, byte[] parameters, SimulatedGpu gpu) {
        this.program = program;
        this.grid = grid;
        this.threads = (int) grid.threads().count();
        this.memory = gpu.memory();
        this.options = gpu.options();
        this.findings = new Findings(program.kernel.name());
        this.parameterBytes = java.util.Arrays.copyOf(parameters, parameters.length + 16);
        this.parameters = new Allocation(PARAM_WINDOW, Math.max(parameters.length, 1), true);
        Allocation.Page page = this.parameters.page(0);
        System.arraycopy(parameters, 0, page.data, 0, parameters.length);
        Bytes.mark(page.written, 0, parameters.length);
    }
}
