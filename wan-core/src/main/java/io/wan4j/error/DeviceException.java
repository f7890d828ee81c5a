package io.wan4j.error;

/** Thrown when a device is missing, too old, full, or failed. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Message in the order: where, expected, got, remedy. */
    public DeviceException(String message) {
        super(message);
    }

    /** Message in the order: where, expected, got, remedy; with the failure behind it. */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
