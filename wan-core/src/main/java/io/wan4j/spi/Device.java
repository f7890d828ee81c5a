package io.wan4j.spi;

import java.util.Optional;
import java.util.regex.Matcher;

/**
 * A place to compute. Its workspace and kernels are used by one thread at a time. Closing frees everything that its
 * arenas and workspace still hold.
 */
public interface Device extends AutoCloseable {
    /** Asks for the best device that can be used here: a GPU, else the fast CPU backend, else the reference. */
    static DeviceRequest auto() {
        return new DeviceRequest(Optional.empty(), DeviceOptions.DEFAULT);
    }

    /**
     * Asks for a device by its provider's name: {@code cuda}, {@code onednn}, {@code reference}; where there are several of
     * a kind, with a number from 0: {@code cuda:1}.
     */
    static DeviceRequest named(String name) {
        Matcher numbered = DeviceRequest.NUMBERED.matcher(name);
        return numbered.matches()
                ? new DeviceRequest(
                        Optional.of(numbered.group(1)),
                        DeviceOptions.DEFAULT.withOrdinal(Integer.parseInt(numbered.group(2))))
                : new DeviceRequest(Optional.of(name), DeviceOptions.DEFAULT);
    }

    /** Short name for logs and options, for example {@code reference}, {@code onednn}, {@code cuda:0}. */
    String name();

    /** One line about the hardware and software behind it. */
    String description();

    /** Formats of activations on this device. */
    ActivationFormats formats();

    /** Choices beside the formats that results depend on, as text to compare with; empty if there are none. */
    default String choices() {
        return "";
    }

    /** Its memory. */
    Memory memory();

    /** Its operations. */
    Kernels kernels();

    /** A recording of work that will be repeated; the caller closes it. This default keeps nothing. */
    default Recording recording() {
        return Recording.PLAIN;
    }

    /** Waits until all work that was handed over is done, and reports its failure, if any. */
    void synchronize();

    @Override
    void close();
}
