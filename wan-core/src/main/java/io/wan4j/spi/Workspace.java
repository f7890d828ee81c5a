package io.wan4j.spi;

import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/**
 * The temporaries of a device, in stack discipline: {@link #mark} then {@link #rewind}. Used by one thread at a time.
 * Every tensor takes its bytes rounded up to {@link #ALIGNMENT}, on every backend, so that a dry run predicts the peak.
 */
public interface Workspace {
    /** Alignment of every tensor, bytes. */
    int ALIGNMENT = 256;

    /** Bytes in use now; a mark to come back to. */
    long mark();

    /** A new tensor above the mark; its content is undefined. */
    Tensor allocate(Shape shape, Format format);

    /** Frees all that was allocated since the mark. */
    void rewind(long mark);

    /** The most bytes that were in use at once since the last {@link #resetPeak}. */
    long peak();

    /** Starts a new measurement of {@link #peak} at what is in use now. */
    void resetPeak();

    /** Gives unused memory back to the system. */
    void trim();

    /** Bytes that a tensor takes in a workspace. */
    static long footprint(Shape shape, Format format) {
        long bytes = Math.multiplyExact(shape.count(), (long) format.bytes());
        return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
