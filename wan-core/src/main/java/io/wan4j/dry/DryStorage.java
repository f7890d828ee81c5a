package io.wan4j.dry;

import io.wan4j.tensor.Storage;

/** So many bytes of nothing. */
record DryStorage(long bytes) implements Storage {
    @Override
    public Storage slice(long offset, long length) {
        if (offset < 0 || length < 0 || offset + length > bytes) {
            throw new IndexOutOfBoundsException("slice " + offset + "+" + length + " of " + bytes + " bytes");
        }
        return new DryStorage(length);
    }
}
