package io.wan4j.gpucheck;

import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.error.DeviceException;

/**
 * Measures by time stamps that the GPU writes into the stream that the kernels run in. Kernels that go into another
 * stream would not be measured: that is an error.
 */
final class EventStopwatch implements Stopwatch, AutoCloseable {
    private final WatchedDriver watched;
    private final CudaDriver driver;
    private final long stream;
    private final long start;
    private final long end;

    /** For the stream that the last kernel went into. */
    EventStopwatch(WatchedDriver watched) {
        this.watched = watched;
        this.driver = watched.driver();
        this.stream = watched.stream();
        if (stream == CudaDriver.DEFAULT_STREAM) {
            throw new IllegalStateException("stopwatch: expected that a kernel was started before");
        }
        this.start = driver.createEvent();
        this.end = driver.createEvent();
    }

    @Override
    public double millis(Runnable work) {
        long beside = watched.launchesBeside(stream);
        driver.recordEvent(start, stream);
        work.run();
        driver.recordEvent(end, stream);
        driver.synchronizeEvent(end);
        long missed = watched.launchesBeside(stream) - beside;
        if (missed != 0) {
            throw new DeviceException("stopwatch: expected all kernels in one stream, got " + missed
                    + " in others; the time is not theirs");
        }
        return driver.elapsedMillis(start, end);
    }

    @Override
    public void close() {
        driver.destroyEvent(start);
        driver.destroyEvent(end);
    }
}
