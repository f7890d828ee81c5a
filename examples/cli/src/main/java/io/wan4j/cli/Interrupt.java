package io.wan4j.cli;

import io.wan4j.Cancellation;
import java.io.PrintWriter;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Turns Ctrl-C into a cancellation: what runs between {@link #begin} and {@link #end} is asked to stop and waited for until it has cleaned
 * up. The process then ends with the code of the signal, 130.
 */
final class Interrupt {
    private static final int PATIENCE_SECONDS = 60;

    private final Cancellation cancellation = new Cancellation();
    private final Semaphore cleaned = new Semaphore(1);
    private final Thread hook;

    /** Says on {@code err} that it was cancelled. */
    Interrupt(PrintWriter err) {
        hook = new Thread(() -> stop(err), "wan-interrupt");
    }

    /** What the signal stops. */
    Cancellation cancellation() {
        return cancellation;
    }

    /** Starts to listen for signals. */
    void watch() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** The process ends by itself: nothing more to stop. */
    void done() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException shuttingDown) {
            // The hook runs already.
        }
    }

    /** Something starts that a signal is to wait for until {@link #end}. */
    void begin() {
        cleaned.acquireUninterruptibly();
    }

    /** It has stopped and cleaned up. */
    void end() {
        cleaned.release();
    }

    private void stop(PrintWriter err) {
        cancellation.cancel();
        try {
            if (!cleaned.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                err.println("wan: the generation does not stop; a hidden file beside the target may be left");
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        err.println("wan: cancelled");
        err.flush();
    }
}
