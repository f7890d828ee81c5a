package io.wan4j.bench;

/**
 * One way to do the work of an experiment, ready to run.
 *
 * @param backend library
 * @param format of the operands
 * @param isPeer whether others are compared with it
 * @param work does it once
 * @param release frees what it holds
 */
record Contender(String backend, String format, boolean isPeer, Runnable work, Runnable release)
        implements AutoCloseable {
    static Contender ours(String backend, String format, Runnable work, Runnable release) {
        return new Contender(backend, format, false, work, release);
    }

    static Contender peer(String backend, String format, Runnable work, Runnable release) {
        return new Contender(backend, format, true, work, release);
    }

    /** The same work, with another name for its format. */
    Contender withFormat(String other) {
        return new Contender(backend, other, isPeer, work, release);
    }

    /** Backend and format. */
    String label() {
        return backend + " " + format;
    }

    @Override
    public void close() {
        release.run();
    }
}
