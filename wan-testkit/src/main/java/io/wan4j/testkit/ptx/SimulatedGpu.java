package io.wan4j.testkit.ptx;

import io.wan4j.error.DeviceException;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * A GPU in plain Java: device memory and the execution of PTX kernels, with every access checked.
 *
 * <p>Host methods and launches are synchronous. A launch never throws because of what a kernel does: that is in the
 * findings of its report. The object may be used from several threads, one launch at a time.
 */
public final class SimulatedGpu {
    private static final int DEFAULT_SHARED_LIMIT = 227 * 1024;

    private final DeviceMemory memory;
    private final SimulatorOptions options;
    private final Map<PtxFunction, Program> programs = new IdentityHashMap<>();
    private final Map<PtxModule, Map<String, Long>> modules = new IdentityHashMap<>();

    /**
     * @param totalBytes device memory; only what is written takes memory of the JVM
     * @param options checks and threads
     */
    public SimulatedGpu(long totalBytes, SimulatorOptions options) {
        this.memory = new DeviceMemory(totalBytes);
        this.options = options;
    }

    /** A GPU of that size with all checks. */
    public static SimulatedGpu ofBytes(long totalBytes) {
        return new SimulatedGpu(totalBytes, SimulatorOptions.full());
    }

    DeviceMemory memory() {
        return memory;
    }

    /** The options it was made with. */
    public SimulatorOptions options() {
        return options;
    }

    /**
     * Allocates device memory, aligned to 1024 bytes and not initialised.
     *
     * @throws DeviceException if less is free
     */
    public long allocate(long bytes) {
        return memory.allocate(bytes, false);
    }

    /** Releases an allocation; any later access to it is a finding, or an exception from the host. */
    public void free(long address) {
        memory.free(address);
    }

    /** Copies from the host. */
    public void copyIn(long address, byte[] source) {
        memory.write(address, source, 0, source.length);
    }

    /** Copies part of an array from the host. */
    public void copyIn(long address, byte[] source, int from, int bytes) {
        memory.write(address, source, from, bytes);
    }

    /** Copies to the host. Bytes nobody wrote come as zeros. */
    public byte[] copyOut(long address, int bytes) {
        byte[] target = new byte[bytes];
        memory.read(address, target, 0, bytes);
        return target;
    }

    /** Copies to part of an array of the host. */
    public void copyOut(long address, byte[] target, int from, int bytes) {
        memory.read(address, target, from, bytes);
    }

    /** Copies within the device, together with the marks of what was written. */
    public void copy(long target, long source, long bytes) {
        memory.copy(target, source, bytes);
    }

    /** Sets bytes. */
    public void memset(long address, byte value, long bytes) {
        memory.fill(address, value, bytes);
    }

    /** Marks bytes as not written, as when a workspace gives the same place to a new tensor. */
    public void markUnwritten(long address, long bytes) {
        memory.forget(address, bytes);
    }

    /** Whether all of the bytes were written by the host or a kernel. */
    public boolean isWritten(long address, int bytes) {
        return memory.isWritten(address, bytes);
    }

    /** Bytes of device memory. */
    public long totalBytes() {
        return memory.limit();
    }

    /** Bytes in allocations. */
    public long usedBytes() {
        return memory.used();
    }

    /** Most bytes that ever were in allocations at a time. */
    public long peakBytes() {
        return memory.peak();
    }

    /** Number of allocations that were not released. */
    public int allocations() {
        return memory.live();
    }

    /**
     * Gives the variables of a module their memory and initial values; done by the first launch otherwise.
     *
     * @return device addresses by name
     */
    public synchronized Map<String, Long> load(PtxModule module) {
        return modules.computeIfAbsent(module, m -> {
            Map<String, Long> addresses = new HashMap<>();
            m.variables().values().stream()
                    .filter(v -> v.space() == StateSpace.GLOBAL || v.space() == StateSpace.CONST)
                    .forEach(v -> addresses.put(v.name(), place(v)));
            return addresses;
        });
    }

    private long place(PtxVariable variable) {
        long address = memory.allocate(Math.max(1, variable.bytes()), variable.space() == StateSpace.CONST);
        // what has no initial value starts as zero
        memory.fill(address, (byte) 0, Math.max(1, variable.bytes()));
        memory.write(address, variable.initial(), 0, variable.initial().length);
        return address;
    }

    /** Releases the variables of a module. */
    public synchronized void unload(PtxModule module) {
        Map<String, Long> addresses = modules.remove(module);
        if (addresses != null) {
            addresses.values().forEach(memory::free);
        }
        module.functions().forEach(programs::remove);
    }

    /**
     * Runs a kernel to its end.
     *
     * @param parameters the parameter block: each parameter at {@link PtxFunction#parameterOffset}
     * @throws io.wan4j.error.UnsupportedException naming line and instruction, if one is not simulated
     * @throws DeviceException if the launch is not possible: threads, shared memory, parameters
     */
    public LaunchReport launch(PtxFunction kernel, Grid grid, byte[] parameters) {
        if (!kernel.isKernel()) {
            throw new IllegalArgumentException(kernel.name() + " is no kernel");
        }
        if (parameters.length < kernel.parameterBytes()) {
            throw new DeviceException(kernel.name() + ": expected " + kernel.parameterBytes()
                    + " bytes of parameters, got " + parameters.length);
        }
        if (grid.threads().count() > kernel.maxThreads()) {
            throw new DeviceException(kernel.name() + ": expected at most " + kernel.maxThreads()
                    + " threads of a block, as its launch bounds say, got "
                    + grid.threads().count());
        }
        Program program = program(kernel);
        int shared = program.sharedBytes(grid.sharedBytes());
        if (shared > sharedLimit(kernel.module.target())) {
            throw new DeviceException(kernel.name() + ": expected at most " + sharedLimit(kernel.module.target())
                    + " bytes of shared memory on " + kernel.module.target() + ", got " + shared);
        }
        Launch launch = new Launch(program, grid, parameters, this);
        Counters counters = new GridRunner(launch).run();
        return LaunchReport.of(launch, counters);
    }

    /** Bytes of static shared memory of a kernel. */
    public int staticSharedBytes(PtxFunction kernel) {
        return program(kernel).staticSharedBytes;
    }

    /** Bytes of local memory of each thread of a kernel. */
    public int localBytes(PtxFunction kernel) {
        return program(kernel).localBytes;
    }

    private synchronized Program program(PtxFunction kernel) {
        Map<String, Long> globals = load(kernel.module);
        return programs.computeIfAbsent(kernel, k -> Translator.translate(k, globals));
    }

    private static int sharedLimit(String target) {
        return switch (target) {
            case "sm_80" -> 163 * 1024;
            case "sm_86", "sm_89", "sm_120", "sm_120a" -> 99 * 1024;
            default -> DEFAULT_SHARED_LIMIT;
        };
    }
}
