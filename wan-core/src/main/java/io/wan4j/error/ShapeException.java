package io.wan4j.error;

/** Thrown when a tensor does not have the shape or format that an operation asks for. */
public final class ShapeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Message in the order: where, expected, got, remedy. */
    public ShapeException(String message) {
        super(message);
    }

    /** Message in the order: where, expected, got, remedy; with the failure behind it. */
    public ShapeException(String message, Throwable cause) {
        super(message, cause);
    }
}
