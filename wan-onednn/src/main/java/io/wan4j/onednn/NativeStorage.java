package io.wan4j.onednn;

import io.wan4j.tensor.Storage;
import io.wan4j.tensor.Tensor;

/**
 * Bytes outside the Java heap.
 *
 * @param address of the first byte
 * @param bytes how many
 */
record NativeStorage(long address, long bytes) implements Storage {
    @Override
    public NativeStorage slice(long offset, long length) {
        if (offset < 0 || length < 0 || offset + length > bytes) {
            throw new IndexOutOfBoundsException("slice " + offset + "+" + length + " of " + bytes + " bytes");
        }
        return new NativeStorage(address + offset, length);
    }

    /** Address of a tensor's first element. */
    static long address(Tensor tensor) {
        if (tensor.storage() instanceof NativeStorage storage) {
            return storage.address();
        }
        throw new IllegalArgumentException("onednn: expected a tensor of this device, got " + tensor + " in "
                + tensor.storage().getClass().getSimpleName());
    }
}
