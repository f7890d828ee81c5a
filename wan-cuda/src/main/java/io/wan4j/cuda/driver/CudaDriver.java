package io.wan4j.cuda.driver;

import java.util.List;
import java.util.OptionalLong;

/**
 * The calls of the NVIDIA driver that the backend uses. Handles and device addresses are plain longs; 0 is never a valid
 * one, except for the default stream. All sizes are in bytes.
 *
 * <p>Calls that touch a device act on the context that {@link #makeCurrent} set for the calling thread. Every failure is
 * an {@link io.wan4j.error.DeviceException} that names the call, what it was asked for, and the driver's own text.
 */
public interface CudaDriver {
    /** The machine code is made by NVRTC 13: drivers for CUDA 13.0 (branch 580) and later load it, older ones PTX. */
    int MACHINE_CODE_VERSION = 13_000;

    /** The default stream. */
    long DEFAULT_STREAM = 0;

    /** The CUDA version that the driver supports, as 1000 x major + 10 x minor. */
    int version();

    /** The devices that this process may see. */
    List<DeviceInfo> devices();

    /** Takes a share of a device's primary context; give it back with {@link #releaseContext}. */
    long retainContext(int ordinal);

    /** Gives a share of the primary context back. */
    void releaseContext(int ordinal);

    /** Makes a context the one that this thread's calls act on. */
    void makeCurrent(long context);

    /** Free and total device memory. */
    MemoryInfo memoryInfo();

    /** Waits until the device has nothing left to do. */
    void synchronize();

    /** Device memory, aligned to 256 bytes or more, contents undefined; empty if the device does not have that much. */
    OptionalLong tryAllocate(long bytes);

    /** Frees what {@link #tryAllocate} gave. */
    void free(long address);

    /** Addresses for this many bytes, without memory behind them. */
    long reserveAddresses(long bytes);

    /** Gives reserved addresses back; nothing may be committed there. */
    void releaseAddresses(long address, long bytes);

    /** The unit in which memory is committed to reserved addresses. */
    long commitUnit(int ordinal);

    /**
     * Puts memory of a device behind reserved addresses. Address and bytes are multiples of {@link #commitUnit}.
     *
     * @return a handle for {@link #decommit}; empty if the device does not have that much
     */
    OptionalLong tryCommit(long address, long bytes, int ordinal);

    /** Takes committed memory away; address and bytes as committed. */
    void decommit(long address, long bytes, long handle);

    /** Page-locked host memory of at most 2 GiB. */
    PinnedMemory allocatePinned(int bytes);

    /** Frees what {@link #allocatePinned} gave. */
    void freePinned(PinnedMemory memory);

    /** Starts a copy from host memory; asynchronous if the memory is pinned. */
    void copyToDevice(long device, long host, long bytes, long stream);

    /** Starts a copy to host memory; asynchronous if the memory is pinned. */
    void copyToHost(long host, long device, long bytes, long stream);

    /** Starts a copy within the device. */
    void copyOnDevice(long target, long source, long bytes, long stream);

    /** Starts filling memory with one byte value. */
    void fill(long device, byte value, long bytes, long stream);

    /** A new stream that does not wait for the default stream. */
    long createStream();

    /** Ends a stream. */
    void destroyStream(long stream);

    /** Waits until a stream has nothing left to do; failures of its kernels surface here. */
    void synchronizeStream(long stream);

    /** A new event with a time stamp. */
    long createEvent();

    /** Ends an event. */
    void destroyEvent(long event);

    /** Marks a point in a stream. */
    void recordEvent(long event, long stream);

    /** Waits on the host for the recorded point. */
    void synchronizeEvent(long event);

    /** Makes a stream wait for the recorded point. */
    void waitForEvent(long stream, long event);

    /** Milliseconds between two recorded and reached points. */
    float elapsedMillis(long start, long end);

    /** Whether modules may be machine code; if not, all are PTX text. */
    default boolean takesMachineCode() {
        return version() >= MACHINE_CODE_VERSION;
    }

    /** Loads an image: a cubin, or PTX text which the driver compiles. */
    long loadModule(byte[] image);

    /** Unloads a module. */
    void unloadModule(long module);

    /** The kernel of this name. */
    long function(long module, String name);

    /** Lets a kernel ask for this much dynamic shared memory; needed above 48 KiB. */
    void allowSharedMemory(long function, int bytes);

    /** Starts a kernel. */
    void launch(Launch launch, long stream);

    /** Starts recording what is launched into a stream instead of running it. */
    void beginCapture(long stream);

    /** Ends recording; the result can be launched any number of times. */
    long endCapture(long stream);

    /** Starts a recorded graph. */
    void launchGraph(long graph, long stream);

    /** Frees a recorded graph. */
    void destroyGraph(long graph);

    /** The 128 bytes that a kernel takes as its tensor map parameter. */
    byte[] encodeTensorMap(TensorMap map);
}
