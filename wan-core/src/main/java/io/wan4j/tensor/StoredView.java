package io.wan4j.tensor;

import java.nio.ByteBuffer;

/** A contiguous part of a stored tensor under its own shape. */
record StoredView(StoredTensor base, Shape shape, long offset) implements StoredTensor {
    @Override
    public String name() {
        return base.name();
    }

    @Override
    public Format format() {
        return base.format();
    }

    @Override
    public String location() {
        return base.location();
    }

    @Override
    public ByteBuffer read(long from, long length) {
        return base.read(offset + from, length);
    }
}
