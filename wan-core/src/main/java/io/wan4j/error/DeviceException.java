package io.wan4j.error;

/** Thrown when a device is missing, too old, full, or failed. */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean outOfMemory;

    /** Message in the order: where, expected, got, remedy. */
    public DeviceException(String message) {
        super(message);
        this.outOfMemory = false;
    }

    /** Message in the order: where, expected, got, remedy; with the failure behind it. */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
        this.outOfMemory = cause instanceof DeviceException failure && failure.outOfMemory;
    }

    private DeviceException(String message, boolean outOfMemory) {
        super(message);
        this.outOfMemory = outOfMemory;
    }

    /** For memory that a device or a limit did not give: what is asked again with less on the device may succeed. */
    public static DeviceException outOfMemory(String message) {
        return new DeviceException(message, true);
    }

    /** Whether memory was short. */
    public boolean isOutOfMemory() {
        return outOfMemory;
    }
}
