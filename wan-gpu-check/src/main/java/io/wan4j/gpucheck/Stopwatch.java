package io.wan4j.gpucheck;

/** Tells how long a device takes for work that is handed to it. */
@FunctionalInterface
interface Stopwatch {
    /** Runs the work and waits for it; milliseconds on the device. */
    double millis(Runnable work);
}
