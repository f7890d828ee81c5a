package io.wan4j.gpucheck;

import io.wan4j.cuda.driver.CudaDriver;

/** Measures by time stamps that the GPU writes into its own stream. */
final class EventStopwatch implements Stopwatch, AutoCloseable {
    private final CudaDriver driver;
    private final long stream;
    private final long start;
    private final long end;

    EventStopwatch(CudaDriver driver, long stream) {
        this.driver = driver;
        this.stream = stream;
        this.start = driver.createEvent();
        this.end = driver.createEvent();
    }

    @Override
    public double millis(Runnable work) {
        driver.recordEvent(start, stream);
        work.run();
        driver.recordEvent(end, stream);
        driver.synchronizeEvent(end);
        return driver.elapsedMillis(start, end);
    }

    @Override
    public void close() {
        driver.destroyEvent(start);
        driver.destroyEvent(end);
    }
}
