package io.wan4j.gpucheck;

import io.wan4j.spi.Device;

/** Measures by the host's clock, from an idle device to an idle device. */
record WallStopwatch(Device device) implements Stopwatch {
    @Override
    public double millis(Runnable work) {
        device.synchronize();
        long start = System.nanoTime();
        work.run();
        device.synchronize();
        return (System.nanoTime() - start) / 1e6;
    }
}
