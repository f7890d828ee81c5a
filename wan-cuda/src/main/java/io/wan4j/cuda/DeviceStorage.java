package io.wan4j.cuda;

import io.wan4j.tensor.Storage;
import io.wan4j.tensor.Tensor;

/**
 * A range of device memory.
 *
 * @param address of the first byte
 * @param bytes length
 * @param pitch bytes from row to row where rows are padded; 0 for a dense tensor
 */
record DeviceStorage(long address, long bytes, int pitch) implements Storage {
    /** The range behind a tensor of this backend. */
    static DeviceStorage of(Tensor tensor) {
        if (tensor.storage() instanceof DeviceStorage storage) {
            return storage;
        }
        throw new IllegalArgumentException("expected a tensor on a CUDA device, got " + tensor + " in "
                + tensor.storage().getClass().getSimpleName());
    }

    /** The address of a tensor's first element. */
    static long address(Tensor tensor) {
        return of(tensor).address;
    }

    @Override
    public DeviceStorage slice(long offset, long length) {
        if (offset < 0 || length < 0 || offset + length > bytes) {
            throw new IndexOutOfBoundsException("slice " + offset + "+" + length + " of " + bytes + " bytes");
        }
        if (pitch != 0) {
            throw new io.wan4j.error.UnsupportedException("slice of a weight packed for the device");
        }
        return new DeviceStorage(address + offset, length, 0);
    }
}
