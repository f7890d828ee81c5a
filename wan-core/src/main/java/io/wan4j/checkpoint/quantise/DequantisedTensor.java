package io.wan4j.checkpoint.quantise;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A quantised weight as the F32 values that it stands for, computed when they are read. */
public final class DequantisedTensor implements StoredTensor {
    private final StoredTensor codes;
    private final StoredRows rows;

    /** The values of codes and scales. */
    public DequantisedTensor(StoredWeight weight) {
        this.codes = weight.values();
        this.rows = new StoredRows(weight);
    }

    @Override
    public String name() {
        return codes.name();
    }

    @Override
    public Shape shape() {
        return codes.shape();
    }

    @Override
    public Format format() {
        return Format.F32;
    }

    @Override
    public String location() {
        return codes.location();
    }

    @Override
    public ByteBuffer read(long offset, long length) {
        long rowBytes = (long) rows.columns() * Float.BYTES;
        if (length == 0 || rowBytes == 0) {
            return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
        }
        int first = Math.toIntExact(offset / rowBytes);
        int count = Math.toIntExact((offset + length + rowBytes - 1) / rowBytes) - first;
        float[] values = new float[Math.multiplyExact(count, rows.columns())];
        rows.read(first, count, values);
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Math.toIntExact(count * rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
        FloatCodec.encode(Format.F32, values, 0, values.length, bytes, 0);
        return bytes.slice(Math.toIntExact(offset - first * rowBytes), Math.toIntExact(length))
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}
