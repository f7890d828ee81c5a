package io.wan4j;

/** Told at every block of a generation, on the thread that generates. */
@FunctionalInterface
public interface ProgressListener {
    /** Listens to nothing. */
    ProgressListener NONE = progress -> {};

    /** The generation has come this far. May call {@link Progress#cancel}. */
    void on(Progress progress);
}
