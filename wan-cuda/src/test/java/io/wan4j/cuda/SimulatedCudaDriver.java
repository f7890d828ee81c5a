package io.wan4j.cuda;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.cuda.driver.Launch;
import io.wan4j.cuda.driver.LaunchShape;
import io.wan4j.cuda.driver.MemoryInfo;
import io.wan4j.cuda.driver.PinnedMemory;
import io.wan4j.cuda.driver.TensorMap;
import io.wan4j.error.DeviceException;
import io.wan4j.testkit.ptx.Finding;
import io.wan4j.testkit.ptx.Grid;
import io.wan4j.testkit.ptx.LaunchReport;
import io.wan4j.testkit.ptx.PtxFunction;
import io.wan4j.testkit.ptx.PtxModule;
import io.wan4j.testkit.ptx.SimulatedGpu;
import io.wan4j.testkit.ptx.SimulatorOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A driver whose device executes the PTX of the kernels in plain Java. A kernel that the sanitizer objects to fails the
 * launch. Everything that was created and not destroyed is counted. One call at a time, from any thread.
 */
final class SimulatedCudaDriver implements CudaDriver {
    /** What the simulator can do of every architecture. */
    private static final ComputeCapability LATER = new ComputeCapability(99, 0);

    private static final int SHARED_BYTES = 101_376;

    private final SimulatedGpu gpu;
    private final DeviceInfo info;
    private final Map<Long, Object> objects = new HashMap<>();
    private final TreeMap<Long, PinnedMemory> pinned = new TreeMap<>();
    private final Map<Long, Long> blocks = new HashMap<>();
    private long nextHandle = 1;
    private long nextHost = 1L << 40;
    private final ThreadLocal<Long> current = new ThreadLocal<>();
    private Consumer<LaunchReport> listener = report -> {};
    private long peak;
    private long fullFrom = Long.MAX_VALUE;
    private boolean busy;
    private boolean hollow;
    private final SimulatedCapture capture = new SimulatedCapture();

    private static final class Thing {}

    SimulatedCudaDriver(long bytes, SimulatorOptions options) {
        this(options, new DeviceInfo(0, "Simulated GPU", LATER, bytes, 1, SHARED_BYTES));
    }

    /** A device that says this of itself. */
    SimulatedCudaDriver(SimulatorOptions options, DeviceInfo info) {
        this.gpu = new SimulatedGpu(8 * info.totalBytes(), options); // reserved addresses count there, and not here
        this.info = info;
    }

    /** Calls {@code listener} after every launch. */
    void listen(Consumer<LaunchReport> other) {
        this.listener = other;
    }

    DeviceInfo info() {
        return info;
    }

    /** What of it was recorded, and how it was launched. */
    SimulatedCapture capture() {
        return capture;
    }

    /** Objects, page-locked buffers and memory that were not given back. */
    int alive() {
        return objects.size() + pinned.size() + blocks.size();
    }

    /** Most bytes of device memory that were taken at once. */
    synchronized long peakBytes() {
        return peak;
    }

    /** Other programs leave only so many bytes from now on. */
    synchronized void leave(long bytes) {
        fullFrom = bytes;
    }

    /** Counts memory, and neither copies nor computes from now on. */
    void hollow() {
        hollow = true;
    }

    /** Another program holds the device exclusively. */
    void occupy() {
        busy = true;
    }

    /** What lies on the device, for a library that computes there. */
    synchronized byte[] peek(long address, int bytes) {
        return gpu.copyOut(address, bytes);
    }

    /** Puts what a library computed on the device. */
    synchronized void poke(long address, byte[] content) {
        gpu.copyIn(address, content);
    }

    private long held() {
        return blocks.values().stream().mapToLong(Long::longValue).sum();
    }

    private void taken() {
        peak = Math.max(peak, held());
    }

    private long create(Object object) {
        long handle = nextHandle++;
        objects.put(handle, object);
        return handle;
    }

    private void destroy(long handle) {
        if (objects.remove(handle) == null) {
            throw new DeviceException("no object " + handle);
        }
    }

    private <T> T find(long handle, Class<T> kind) {
        Object object = objects.get(handle);
        if (!kind.isInstance(object)) {
            throw new DeviceException("no " + kind.getSimpleName() + " " + handle);
        }
        return kind.cast(object);
    }

    @Override
    public synchronized int version() {
        return 13_010;
    }

    @Override
    public synchronized List<DeviceInfo> devices() {
        return List.of(info);
    }

    @Override
    public synchronized long retainContext(int ordinal) {
        if (busy) {
            throw new DeviceException("cuDevicePrimaryCtxRetain: exclusive-thread device already in use");
        }
        return create(new Thing());
    }

    @Override
    public synchronized void releaseContext(int ordinal) {
        objects.values().removeIf(Thing.class::isInstance);
    }

    @Override
    public synchronized void makeCurrent(long context) {
        find(context, Thing.class);
        current.set(context);
    }

    private void requireContext() {
        Long context = current.get();
        if (context == null || !(objects.get(context) instanceof Thing)) {
            throw new DeviceException(
                    "no current context in thread " + Thread.currentThread().getName());
        }
    }

    @Override
    public synchronized MemoryInfo memoryInfo() {
        requireContext();
        return new MemoryInfo(Math.max(0, Math.min(info.totalBytes(), fullFrom) - held()), info.totalBytes());
    }

    @Override
    public synchronized void synchronize() {
        capture.forbid("cuCtxSynchronize");
        requireContext(); // every launch is done when it returns
    }

    @Override
    public synchronized OptionalLong tryAllocate(long bytes) {
        capture.forbid("cuMemAlloc");
        if (bytes > memoryInfo().freeBytes()) {
            return OptionalLong.empty();
        }
        long address = gpu.allocate(bytes);
        blocks.put(address, bytes);
        taken();
        return OptionalLong.of(address);
    }

    @Override
    public synchronized void free(long address) {
        requireContext();
        if (blocks.remove(address) == null) {
            throw new DeviceException("free of " + address + ", which is no allocation");
        }
        gpu.free(address);
    }

    @Override
    public synchronized long reserveAddresses(long bytes) {
        long address = gpu.allocate(bytes);
        objects.put(address, new Object());
        return address;
    }

    @Override
    public synchronized void releaseAddresses(long address, long bytes) {
        destroy(address);
        gpu.free(address);
    }

    @Override
    public synchronized long commitUnit(int ordinal) {
        return 64 << 10;
    }

    @Override
    public synchronized OptionalLong tryCommit(long address, long bytes, int ordinal) {
        capture.forbid("cuMemCreate");
        if (bytes > memoryInfo().freeBytes()) {
            return OptionalLong.empty();
        }
        long handle = nextHandle++;
        blocks.put(-handle, bytes);
        taken();
        return OptionalLong.of(handle);
    }

    @Override
    public synchronized void decommit(long address, long bytes, long handle) {
        gpu.markUnwritten(address, bytes);
        if (blocks.remove(-handle) == null) {
            throw new DeviceException("decommit of an unknown handle");
        }
    }

    @Override
    public synchronized PinnedMemory allocatePinned(int bytes) {
        PinnedMemory memory =
                new PinnedMemory(nextHost, ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN));
        nextHost += 2L * bytes + 4096;
        pinned.put(memory.address(), memory);
        return memory;
    }

    @Override
    public synchronized void freePinned(PinnedMemory memory) {
        if (pinned.remove(memory.address()) == null) {
            throw new DeviceException("freePinned of unknown memory");
        }
    }

    private ByteBuffer host(long address, long bytes) {
        Map.Entry<Long, PinnedMemory> entry = pinned.floorEntry(address);
        if (entry == null) {
            throw new DeviceException("host address " + address + " is not page-locked");
        }
        return entry.getValue().bytes().slice((int) (address - entry.getKey()), (int) bytes);
    }

    @Override
    public synchronized void copyToDevice(long device, long host, long bytes, long stream) {
        capture.forbidIn(stream, "cuMemcpyHtoDAsync of a buffer that is filled again");
        requireContext();
        if (hollow) {
            return;
        }
        byte[] content = new byte[(int) bytes];
        host(host, bytes).get(content);
        gpu.copyIn(device, content);
    }

    @Override
    public synchronized void copyToHost(long host, long device, long bytes, long stream) {
        capture.forbidIn(stream, "cuMemcpyDtoHAsync of a buffer that is read at once");
        requireContext();
        if (hollow) {
            return;
        }
        host(host, bytes).put(gpu.copyOut(device, (int) bytes));
    }

    @Override
    public synchronized void copyOnDevice(long target, long source, long bytes, long stream) {
        capture.submit(stream, hollow ? () -> {} : () -> gpu.copy(target, source, bytes));
    }

    @Override
    public synchronized void fill(long device, byte value, long bytes, long stream) {
        capture.submit(stream, hollow ? () -> {} : () -> gpu.memset(device, value, bytes));
    }

    @Override
    public synchronized long createStream() {
        return create(new Object());
    }

    @Override
    public synchronized void destroyStream(long stream) {
        destroy(stream);
    }

    @Override
    public synchronized void synchronizeStream(long stream) {
        capture.forbidIn(stream, "cuStreamSynchronize");
        find(stream, Object.class);
    }

    @Override
    public synchronized long createEvent() {
        return create(new Object());
    }

    @Override
    public synchronized void destroyEvent(long event) {
        destroy(event);
    }

    @Override
    public synchronized void recordEvent(long event, long stream) {
        find(event, Object.class);
    }

    @Override
    public synchronized void synchronizeEvent(long event) {
        find(event, Object.class);
    }

    @Override
    public synchronized void waitForEvent(long stream, long event) {
        find(event, Object.class);
    }

    @Override
    public synchronized float elapsedMillis(long start, long end) {
        return 0;
    }

    @Override
    public boolean takesMachineCode() {
        return false;
    }

    @Override
    public synchronized long loadModule(byte[] image) {
        capture.forbid("cuModuleLoadData");
        requireContext();
        return create(PtxModule.parse(new String(image, StandardCharsets.UTF_8)));
    }

    @Override
    public synchronized void unloadModule(long module) {
        PtxModule parsed = find(module, PtxModule.class);
        gpu.unload(parsed);
        parsed.functions().forEach(objects.values()::remove);
        destroy(module);
    }

    @Override
    public synchronized long function(long module, String name) {
        return create(find(module, PtxModule.class).function(name));
    }

    @Override
    public synchronized void allowSharedMemory(long function, int bytes) {
        if (bytes > info.sharedBytesPerBlock()) {
            throw new DeviceException("more shared memory than a block may have: " + bytes);
        }
    }

    @Override
    public synchronized void launch(Launch launch, long stream) {
        requireContext();
        find(stream, Object.class);
        PtxFunction function = find(launch.function(), PtxFunction.class);
        byte[] arguments = launch.arguments().toBytes();
        capture.countLaunch();
        capture.submit(stream, hollow ? () -> {} : () -> run(function, launch, arguments));
    }

    private void run(PtxFunction function, Launch launch, byte[] arguments) {
        Grid grid = new Grid(dim(launch.grid()), dim(launch.block()), dim(launch.cluster()), launch.sharedBytes());
        LaunchReport report = gpu.launch(function, grid, arguments);
        List<String> errors = new ArrayList<>();
        for (Finding finding : report.errors()) {
            errors.add(finding.toString());
        }
        if (!errors.isEmpty()) {
            throw new AssertionError(String.join("\n", errors));
        }
        listener.accept(report);
    }

    private static Grid.Dim dim(LaunchShape shape) {
        return new Grid.Dim(shape.x(), shape.y(), shape.z());
    }

    @Override
    public synchronized void beginCapture(long stream) {
        requireContext();
        find(stream, Object.class);
        capture.begin(stream);
    }

    @Override
    public synchronized long endCapture(long stream) {
        return create(capture.end(stream));
    }

    @Override
    public synchronized void launchGraph(long graph, long stream) {
        requireContext();
        find(graph, SimulatedCapture.Graph.class).run();
        capture.countGraph();
    }

    @Override
    public synchronized void destroyGraph(long graph) {
        find(graph, SimulatedCapture.Graph.class);
        destroy(graph);
    }

    @Override
    public synchronized byte[] encodeTensorMap(TensorMap map) {
        return new io.wan4j.testkit.ptx.TensorMap(
                        map.element() == TensorMap.Element.U8 ? 1 : 2,
                        map.address(),
                        map.extents().stream().mapToLong(Long::longValue).toArray(),
                        map.strides().stream().mapToLong(Long::longValue).toArray(),
                        map.box().stream().mapToInt(Integer::intValue).toArray(),
                        switch (map.swizzle()) {
                            case NONE -> io.wan4j.testkit.ptx.TensorMap.Swizzle.NONE;
                            case BYTES_32 -> io.wan4j.testkit.ptx.TensorMap.Swizzle.B32;
                            case BYTES_64 -> io.wan4j.testkit.ptx.TensorMap.Swizzle.B64;
                            case BYTES_128 -> io.wan4j.testkit.ptx.TensorMap.Swizzle.B128;
                        },
                        false)
                .encode();
    }
}
