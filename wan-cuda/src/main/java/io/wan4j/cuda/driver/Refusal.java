package io.wan4j.cuda.driver;

/**
 * Why CUDA or one of its devices cannot be used.
 *
 * @param reason which of the known reasons
 * @param detail what was found, for example the loader's text or the driver's version
 * @param remedy what the user can do
 */
public record Refusal(Reason reason, String detail, String remedy) {
    /** The known reasons. */
    public enum Reason {
        /** There is no libcuda.so.1 (nvcuda.dll), or it does not load. */
        NO_DRIVER,
        /** The driver supports an older CUDA version than the kernels need. */
        DRIVER_TOO_OLD,
        /** The driver lacks a function in use. */
        FUNCTION_MISSING,
        /** The driver did not start. */
        DRIVER_FAILED,
        /** The driver runs and has no device for this process. */
        NO_DEVICE,
        /** No device has this number. */
        NO_SUCH_DEVICE,
        /** The device is older than the kernels. */
        ARCHITECTURE_TOO_OLD,
        /** The device is held by another process, or failed. */
        DEVICE_UNAVAILABLE,
        /** The device has less free memory than a minimal workspace. */
        NO_MEMORY
    }

    /** One line: what was found, then the remedy. */
    @Override
    public String toString() {
        return "CUDA: " + detail + "; " + remedy;
    }
}
