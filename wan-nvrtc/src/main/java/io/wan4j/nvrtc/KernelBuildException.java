package io.wan4j.nvrtc;

/** A kernel source that does not compile, or a compiler that does not run; the message holds the compiler's log. */
public final class KernelBuildException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Message: the source and options, then the log. */
    public KernelBuildException(String message) {
        super(message);
    }
}
