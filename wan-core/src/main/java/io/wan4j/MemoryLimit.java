package io.wan4j;

import java.util.OptionalLong;

/**
 * How much device memory a pipeline may take.
 *
 * @param bytes the limit; empty for what is free when the pipeline is built
 */
public record MemoryLimit(OptionalLong bytes) {
    /** Checks the number. */
    public MemoryLimit {
        if (bytes.isPresent() && bytes.getAsLong() < 0) {
            throw new IllegalArgumentException("memory limit: expected 0 or more bytes, got " + bytes.getAsLong());
        }
    }

    /** What is free now. */
    public static MemoryLimit auto() {
        return new MemoryLimit(OptionalLong.empty());
    }

    /** So many bytes. */
    public static MemoryLimit bytes(long bytes) {
        return new MemoryLimit(OptionalLong.of(bytes));
    }

    /** So many gibibytes. */
    public static MemoryLimit gibibytes(double count) {
        return bytes(Math.round(count * (1L << 30)));
    }
}
