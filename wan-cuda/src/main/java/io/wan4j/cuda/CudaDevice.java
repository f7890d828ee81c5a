package io.wan4j.cuda;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.cuda.driver.Refusal;
import io.wan4j.cuda.driver.Refusal.Reason;
import io.wan4j.cuda.kernel.KernelImage;
import io.wan4j.cuda.kernel.KernelLibrary;
import io.wan4j.error.DeviceException;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.Memory;
import io.wan4j.spi.Recording;
import java.util.List;
import java.util.Optional;

/** One GPU: its primary context, one stream, and everything on it. Used from one thread at a time. */
final class CudaDevice implements Device {
    /** Left to the desktop and other programs where the user sets no limit. */
    private static final long MARGIN = 256L << 20;

    /** With less than this nothing can run. */
    private static final long LEAST = 8L << 20;

    private final CudaDriver driver;
    private final DeviceInfo info;
    private final ActivationFormats formats;
    private final String choices;
    private final long context;
    private final long stream;
    private final KernelLibrary library;
    private final CudaMemory memory;
    private final CudaKernels kernels;
    private final BlockGraphs graphs;
    private final boolean graphsWanted;
    private boolean closed;

    private CudaDevice(CudaDriver driver, Opened opened, DeviceOptions options, CudaSetup setup) {
        this.driver = driver;
        this.info = opened.info();
        this.context = opened.context();
        this.formats = options.formats().orElse(ActivationFormats.BF16);
        this.choices = setup.settings().choices(options.quantisedAttention(), info.capability());
        this.stream = driver.createStream();
        this.library = new KernelLibrary(driver, info.capability());
        this.memory = new CudaMemory(
                driver,
                stream,
                new Budget(driver, opened.limit()),
                setup.sizes(),
                new CudaMemory.Placed(info.ordinal(), formats.compute(), this::enter));
        Launcher.Chip chip = new Launcher.Chip(
                info.capability(), info.multiprocessors(), setup.settings().products());
        Launcher launcher = new Launcher(driver, library, stream, chip);
        this.kernels = new CudaKernels(launcher, memory, options.quantisedAttention(), setup);
        this.graphs = new BlockGraphs(driver, stream, memory.workspace(), this::enter);
        this.graphsWanted = options.graphs();
    }

    /** A device whose context is held, and the bytes that may be used. */
    private record Opened(DeviceInfo info, long context, long limit) {}

    /** The driver keeps a current context for each thread. */
    private void enter() {
        driver.makeCurrent(context);
    }

    /** Why the kernels cannot run on this device; empty if they can. */
    static Optional<Refusal> refusal(DeviceInfo info) {
        if (info.capability().isAtLeast(ComputeCapability.OLDEST)) {
            return Optional.empty();
        }
        return Optional.of(new Refusal(
                Reason.ARCHITECTURE_TOO_OLD,
                info.name() + ": expected compute capability " + ComputeCapability.OLDEST + " or later, got "
                        + info.capability(),
                "use a GeForce RTX 30 card or later, or the CPU"));
    }

    /** The device of this number. */
    static DeviceInfo find(List<DeviceInfo> devices, int ordinal) {
        return devices.stream()
                .filter(device -> device.ordinal() == ordinal)
                .findFirst()
                .orElseThrow(() -> new DeviceException(new Refusal(
                                Reason.NO_SUCH_DEVICE,
                                "expected a device number below " + devices.size() + ", got " + ordinal,
                                "check CUDA_VISIBLE_DEVICES and `nvidia-smi -L`")
                        .toString()));
    }

    static CudaDevice open(CudaDriver driver, DeviceInfo info, DeviceOptions options, MemorySizes sizes) {
        return open(driver, info, options, CudaSetup.of(sizes, CudaSettings.DEFAULT));
    }

    static CudaDevice open(CudaDriver driver, DeviceInfo info, DeviceOptions options, CudaSetup setup) {
        refusal(info).ifPresent(refusal -> {
            throw new DeviceException(refusal.toString());
        });
        if (KernelImage.missing(driver.version(), info.capability())) {
            throw new DeviceException(new Refusal(
                            Reason.DRIVER_TOO_OLD,
                            info.name() + ", compute capability " + info.capability()
                                    + ": expected a driver for CUDA 13.0 or later, got " + driver.version(),
                            "update the NVIDIA driver to 580 or later, or use the CPU")
                    .toString());
        }
        long context;
        try {
            context = driver.retainContext(info.ordinal());
        } catch (DeviceException failure) {
            throw new DeviceException(
                    new Refusal(
                                    Reason.DEVICE_UNAVAILABLE,
                                    info.name() + ": " + failure.getMessage(),
                                    "another program may hold it exclusively; see `nvidia-smi`")
                            .toString(),
                    failure);
        }
        try {
            driver.makeCurrent(context);
            long free = driver.memoryInfo().freeBytes();
            long limit = Math.min(options.memoryLimit().orElse(free - Math.min(MARGIN, free / 8)), free);
            if (limit < LEAST) {
                throw new DeviceException(new Refusal(
                                Reason.NO_MEMORY,
                                info.name() + ": expected at least " + LEAST + " bytes to use, got " + limit + " ("
                                        + free + " free, limit "
                                        + options.memoryLimit().stream()
                                                .mapToObj(Long::toString)
                                                .findFirst()
                                                .orElse("none")
                                        + ")",
                                "raise the memory limit or close other programs that use the GPU")
                        .toString());
            }
            return new CudaDevice(driver, new Opened(info, context, limit), options, setup);
        } catch (DeviceException failure) {
            driver.releaseContext(info.ordinal());
            throw failure;
        }
    }

    @Override
    public String name() {
        return "cuda:" + info.ordinal();
    }

    @Override
    public String description() {
        return String.format(
                "%s, compute capability %s, %d multiprocessors, %.1f GiB, driver for CUDA %d.%d",
                info.name(),
                info.capability(),
                info.multiprocessors(),
                info.totalBytes() / (double) (1L << 30),
                driver.version() / 1000,
                driver.version() % 1000 / 10);
    }

    @Override
    public ActivationFormats formats() {
        return formats;
    }

    @Override
    public String choices() {
        return choices;
    }

    @Override
    public Memory memory() {
        enter();
        return memory;
    }

    @Override
    public Kernels kernels() {
        enter();
        memory.computingHere();
        return kernels;
    }

    /** Bytes of device memory that are held now. */
    long held() {
        return memory.held();
    }

    @Override
    public Recording recording() {
        return graphsWanted ? graphs.recording() : Recording.PLAIN;
    }

    @Override
    public void synchronize() {
        enter();
        driver.synchronizeStream(stream);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        enter();
        driver.synchronize();
        graphs.close();
        kernels.close();
        memory.close();
        library.close();
        driver.destroyStream(stream);
        driver.releaseContext(info.ordinal());
    }
}
