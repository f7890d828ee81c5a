package io.wan4j.cli;

import io.wan4j.Progress;
import io.wan4j.ProgressListener;
import java.io.PrintWriter;

/** Progress on the error stream: a bar on a terminal, a few lines anywhere else. */
interface ConsoleProgress extends ProgressListener, AutoCloseable {
    /** The launcher sets it where the error stream is a terminal. */
    String TERMINAL = "wan.terminal";

    /** What suits the error stream. */
    static ConsoleProgress on(PrintWriter err) {
        return Boolean.getBoolean(TERMINAL) ? new ProgressBarLine() : new ProgressLines(err, System::nanoTime);
    }

    @Override
    void on(Progress progress);

    @Override
    void close();
}
