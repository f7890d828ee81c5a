package io.wan4j.tensor;

/**
 * The memory behind a tensor. Only the backend that made a storage looks inside it; everybody else passes it on.
 *
 * <p>A storage may be opaque: a weight packed into a backend's own order has the byte count of that order.
 */
public interface Storage {
    /** Bytes that this storage spans. */
    long bytes();

    /**
     * A view of a part of this storage, sharing its memory and its lifetime.
     *
     * @param offset first byte, from the start of this storage
     * @param length bytes of the view
     * @throws io.wan4j.error.UnsupportedException if the storage is opaque
     */
    Storage slice(long offset, long length);
}
