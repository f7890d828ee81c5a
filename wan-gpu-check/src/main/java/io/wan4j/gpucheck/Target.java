package io.wan4j.gpucheck;

import io.wan4j.cuda.CudaDeviceProvider;
import io.wan4j.cuda.CudaSettings;
import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.CudaProbe;
import io.wan4j.cuda.driver.DeviceInfo;
import io.wan4j.error.DeviceException;
import io.wan4j.ops.Ops;
import io.wan4j.spi.Activation;
import io.wan4j.spi.Device;
import io.wan4j.spi.DeviceOptions;
import io.wan4j.spi.DeviceProvider;
import io.wan4j.spi.DeviceRequest;
import java.util.Optional;

/** An open device, with a stopwatch for it and, on CUDA, its driver. */
final class Target implements AutoCloseable {
    private final Device device;
    private final Stopwatch stopwatch;
    private final Optional<Gpu> gpu;
    private boolean closed;

    /**
     * What is beneath a CUDA device.
     *
     * @param driver the device's, watched
     * @param info about the device
     */
    record Gpu(WatchedDriver driver, DeviceInfo info) {
        CudaDriver calls() {
            return driver.driver();
        }

        long stream() {
            return driver.stream();
        }
    }

    private Target(Device device, Stopwatch stopwatch, Optional<Gpu> gpu) {
        this.device = device;
        this.stopwatch = stopwatch;
        this.gpu = gpu;
    }

    /**
     * Opens the device of this provider.
     *
     * @throws DeviceException with the reason and the remedy if it cannot be used
     */
    static Target open(String provider, DeviceOptions options, CudaSettings settings) {
        if (!provider.equals("cuda")) {
            Device device = new DeviceRequest(Optional.of(provider), options).open();
            return new Target(device, new WallStopwatch(device), Optional.empty());
        }
        CudaProbe probe = CudaProbe.run();
        if (probe instanceof CudaProbe.Refused refused) {
            throw new DeviceException(refused.refusal().toString());
        }
        return open((CudaProbe.Usable) probe, options, settings);
    }

    /** Opens a device of this driver. */
    static Target open(CudaProbe.Usable usable, DeviceOptions options, CudaSettings settings) {
        WatchedDriver watched = new WatchedDriver(usable.driver());
        CudaProbe.Usable wrapped = new CudaProbe.Usable(watched.driver(), usable.devices());
        DeviceProvider provider = new CudaDeviceProvider(() -> wrapped, () -> settings);
        Device device = provider.open(options);
        try {
            startOne(device);
            Gpu gpu = new Gpu(watched, usable.devices().get(options.ordinal()));
            return new Target(device, new EventStopwatch(watched), Optional.of(gpu));
        } catch (RuntimeException | Error failure) {
            device.close();
            throw failure;
        }
    }

    /** Starts a kernel, which shows the stream that kernels run in, and leaves no memory behind. */
    private static void startOne(Device device) {
        try (Ops ops = Ops.on(device)) {
            ops.activate(ops.upload(new float[] {1, 2}, 1, 2), Activation.SILU);
            device.synchronize();
        }
        device.memory().workspace().trim();
    }

    Device device() {
        return device;
    }

    Stopwatch stopwatch() {
        return stopwatch;
    }

    Optional<Gpu> gpu() {
        return gpu;
    }

    /** Whether it was closed. */
    boolean closed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        if (stopwatch instanceof EventStopwatch events) {
            events.close();
        }
        device.close();
    }
}
