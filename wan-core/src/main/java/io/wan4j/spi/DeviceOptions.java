package io.wan4j.spi;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a user asks of a device.
 *
 * @param formats formats of activations; the backend's default if empty
 * @param threads host threads; 0 means the backend's default, the physical cores
 * @param memoryLimit bytes that arenas and workspace may take together; what is free now if empty
 * @param ordinal which device of this kind, from 0
 * @param quantisedAttention whether self-attention may multiply queries and keys in 8 bits, where the backend can
 * @param graphs whether blocks may be recorded once and handed over as a whole after that, where the backend can
 */
public record DeviceOptions(
        Optional<ActivationFormats> formats,
        int threads,
        OptionalLong memoryLimit,
        int ordinal,
        boolean quantisedAttention,
        boolean graphs) {
    /** The backend's choice in everything. */
    public static final DeviceOptions DEFAULT =
            new DeviceOptions(Optional.empty(), 0, OptionalLong.empty(), 0, false, true);

    /** Checks the numbers. */
    public DeviceOptions {
        if (threads < 0 || ordinal < 0) {
            throw new IllegalArgumentException(
                    "device options: expected threads >= 0 and ordinal >= 0, got " + threads + " and " + ordinal);
        }
    }

    /** These options with other activation formats. */
    public DeviceOptions withFormats(ActivationFormats chosen) {
        return new DeviceOptions(Optional.of(chosen), threads, memoryLimit, ordinal, quantisedAttention, graphs);
    }

    /** These options with a number of host threads. */
    public DeviceOptions withThreads(int count) {
        return new DeviceOptions(formats, count, memoryLimit, ordinal, quantisedAttention, graphs);
    }

    /** These options with a limit on device memory, in bytes. */
    public DeviceOptions withMemoryLimit(long bytes) {
        return new DeviceOptions(formats, threads, OptionalLong.of(bytes), ordinal, quantisedAttention, graphs);
    }

    /** These options for another device of the same kind, from 0. */
    public DeviceOptions withOrdinal(int number) {
        return new DeviceOptions(formats, threads, memoryLimit, number, quantisedAttention, graphs);
    }

    /** These options with or without 8-bit attention. */
    public DeviceOptions withQuantisedAttention(boolean chosen) {
        return new DeviceOptions(formats, threads, memoryLimit, ordinal, chosen, graphs);
    }

    /** These options with or without recorded blocks. */
    public DeviceOptions withGraphs(boolean chosen) {
        return new DeviceOptions(formats, threads, memoryLimit, ordinal, quantisedAttention, chosen);
    }
}
