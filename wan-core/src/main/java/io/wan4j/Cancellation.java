package io.wan4j;

import java.util.concurrent.CancellationException;

/** A switch that stops a generation at the next block. May be used from any thread. */
public final class Cancellation {
    private volatile boolean requested;

    /** Asks the generation to stop. It ends with a {@link CancellationException} and leaves nothing behind. */
    public void cancel() {
        requested = true;
    }

    /** Whether it was asked to stop. */
    public boolean isRequested() {
        return requested;
    }

    /** Stops here if asked to. */
    void check() {
        if (requested) {
            throw new CancellationException("generation cancelled");
        }
    }
}
