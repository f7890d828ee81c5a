package io.wan4j.cuda.driver;

import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The installed driver. Made by {@link CudaProbe}, which has checked that every function in use is there. */
final class NativeCudaDriver implements CudaDriver {
    /** Every function that is called. */
    static final List<String> FUNCTIONS = Stream.of(
                    List.of("cuInit", "cuGetErrorName", "cuGetErrorString"),
                    DeviceCalls.FUNCTIONS,
                    MemoryCalls.FUNCTIONS,
                    StreamCalls.FUNCTIONS,
                    KernelCalls.FUNCTIONS)
            .flatMap(List::stream)
            .toList();

    private final DeviceCalls devices;
    private final MemoryCalls memory;
    private final StreamCalls streams;
    private final KernelCalls kernels;

    NativeCudaDriver(DriverCalls library) {
        CheckedCalls calls = new CheckedCalls(library);
        this.devices = new DeviceCalls(calls);
        this.memory = new MemoryCalls(calls, devices);
        this.streams = new StreamCalls(calls);
        this.kernels = new KernelCalls(calls);
    }

    @Override
    public int version() {
        return devices.version();
    }

    @Override
    public List<DeviceInfo> devices() {
        return devices.devices();
    }

    @Override
    public long retainContext(int ordinal) {
        return devices.retainContext(ordinal);
    }

    @Override
    public void releaseContext(int ordinal) {
        devices.releaseContext(ordinal);
    }

    @Override
    public void makeCurrent(long context) {
        devices.makeCurrent(context);
    }

    @Override
    public MemoryInfo memoryInfo() {
        return devices.memoryInfo();
    }

    @Override
    public void synchronize() {
        devices.synchronize();
    }

    @Override
    public OptionalLong tryAllocate(long bytes) {
        return memory.tryAllocate(bytes);
    }

    @Override
    public void free(long address) {
        memory.free(address);
    }

    @Override
    public long reserveAddresses(long bytes) {
        return memory.reserveAddresses(bytes);
    }

    @Override
    public void releaseAddresses(long address, long bytes) {
        memory.releaseAddresses(address, bytes);
    }

    @Override
    public long commitUnit(int ordinal) {
        return memory.commitUnit(ordinal);
    }

    @Override
    public OptionalLong tryCommit(long address, long bytes, int ordinal) {
        return memory.tryCommit(address, bytes, ordinal);
    }

    @Override
    public void decommit(long address, long bytes, long handle) {
        memory.decommit(address, bytes, handle);
    }

    @Override
    public PinnedMemory allocatePinned(int bytes) {
        return memory.allocatePinned(bytes);
    }

    @Override
    public void freePinned(PinnedMemory memory) {
        this.memory.freePinned(memory);
    }

    @Override
    public void copyToDevice(long device, long host, long bytes, long stream) {
        memory.copyToDevice(device, host, bytes, stream);
    }

    @Override
    public void copyToHost(long host, long device, long bytes, long stream) {
        memory.copyToHost(host, device, bytes, stream);
    }

    @Override
    public void copyOnDevice(long target, long source, long bytes, long stream) {
        memory.copyOnDevice(target, source, bytes, stream);
    }

    @Override
    public void fill(long device, byte value, long bytes, long stream) {
        memory.fill(device, value, bytes, stream);
    }

    @Override
    public long createStream() {
        return streams.createStream();
    }

    @Override
    public void destroyStream(long stream) {
        streams.destroyStream(stream);
    }

    @Override
    public void synchronizeStream(long stream) {
        streams.synchronizeStream(stream);
    }

    @Override
    public long createEvent() {
        return streams.createEvent();
    }

    @Override
    public void destroyEvent(long event) {
        streams.destroyEvent(event);
    }

    @Override
    public void recordEvent(long event, long stream) {
        streams.recordEvent(event, stream);
    }

    @Override
    public void synchronizeEvent(long event) {
        streams.synchronizeEvent(event);
    }

    @Override
    public void waitForEvent(long stream, long event) {
        streams.waitForEvent(stream, event);
    }

    @Override
    public float elapsedMillis(long start, long end) {
        return streams.elapsedMillis(start, end);
    }

    @Override
    public long loadModule(byte[] image) {
        return kernels.loadModule(image);
    }

    @Override
    public void unloadModule(long module) {
        kernels.unloadModule(module);
    }

    @Override
    public long function(long module, String name) {
        return kernels.function(module, name);
    }

    @Override
    public void allowSharedMemory(long function, int bytes) {
        kernels.allowSharedMemory(function, bytes);
    }

    @Override
    public void launch(Launch launch, long stream) {
        kernels.launch(launch, stream);
    }

    @Override
    public void beginCapture(long stream) {
        streams.beginCapture(stream);
    }

    @Override
    public long endCapture(long stream) {
        return streams.endCapture(stream);
    }

    @Override
    public void launchGraph(long graph, long stream) {
        streams.launchGraph(graph, stream);
    }

    @Override
    public void destroyGraph(long graph) {
        streams.destroyGraph(graph);
    }

    @Override
    public byte[] encodeTensorMap(TensorMap map) {
        return kernels.encodeTensorMap(map);
    }
}
