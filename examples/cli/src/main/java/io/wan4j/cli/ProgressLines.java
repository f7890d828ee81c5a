package io.wan4j.cli;

import io.wan4j.Progress;
import io.wan4j.pipeline.Phase;
import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A line where a phase starts, and one now and then in between: for files and logs. */
final class ProgressLines implements ConsoleProgress {
    private static final long INTERVAL = TimeUnit.SECONDS.toNanos(15);

    private final PrintWriter err;
    private final LongSupplier clock;
    private @Nullable Phase phase;
    private long printed;
    private boolean complete;

    ProgressLines(PrintWriter err, LongSupplier nanoClock) {
        this.err = err;
        this.clock = nanoClock;
    }

    @Override
    public void on(Progress progress) {
        long now = clock.getAsLong();
        boolean whole = progress.fraction() >= 1;
        if (progress.phase() != phase || now - printed >= INTERVAL || (whole && !complete)) {
            complete = whole;
            phase = progress.phase();
            printed = now;
            err.println("wan: " + progress);
            err.flush();
        }
    }

    @Override
    public void close() {
        err.flush();
    }
}
