package io.wan4j.spi;

import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;

/** Memory that lives until it is closed: weights, caches, results. Closing twice is harmless. */
public interface Arena extends AutoCloseable {
    /**
     * A new tensor; its content is undefined.
     *
     * @throws io.wan4j.error.DeviceException if the device has no room; names what was asked and what is free
     */
    Tensor allocate(Shape shape, Format format);

    /**
     * Brings a weight to the device, in the format and order that the backend wants for this role. A backend on the
     * host may keep the checkpoint's mapped pages: the checkpoint stays open as long as the arena.
     *
     * @throws io.wan4j.error.UnsupportedException if the backend cannot compute with this format
     */
    Weight place(StoredWeight stored, WeightRole role);

    /** Bytes that the arena holds on the device. */
    long bytes();

    @Override
    void close();
}
