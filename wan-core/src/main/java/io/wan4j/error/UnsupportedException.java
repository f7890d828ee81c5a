package io.wan4j.error;

/** Thrown when what was asked for is valid but not offered here. */
public final class UnsupportedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Message in the order: where, expected, got, remedy. */
    public UnsupportedException(String message) {
        super(message);
    }

    /** Message in the order: where, expected, got, remedy; with the failure behind it. */
    public UnsupportedException(String message, Throwable cause) {
        super(message, cause);
    }
}
