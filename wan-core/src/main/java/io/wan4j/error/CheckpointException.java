package io.wan4j.error;

/** Thrown when a checkpoint file is damaged, hostile, incomplete, or of another kind than asked for. */
public final class CheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Message in the order: where, expected, got, remedy. */
    public CheckpointException(String message) {
        super(message);
    }

    /** Message in the order: where, expected, got, remedy; with the failure behind it. */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
