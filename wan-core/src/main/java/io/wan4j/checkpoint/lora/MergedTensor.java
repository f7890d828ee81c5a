package io.wan4j.checkpoint.lora;

import io.wan4j.checkpoint.quantise.StoredRows;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A tensor with changes added one after another in F32, which it stays; computed when it is read, on all cores. A backend
 * that computes in BF16 rounds it once.
 */
final class MergedTensor implements StoredTensor {
    private final StoredTensor base;
    private final List<Change> changes;
    private final StoredRows rows;
    private WeakReference<List<Change.RowAdder>> decoded = new WeakReference<>(null);

    /** A tensor as the checkpoint has it, and what is added, in order. */
    MergedTensor(StoredTensor base, List<Change> changes) {
        this.base = base;
        this.changes = changes;
        this.rows = new StoredRows(base);
    }

    /** The changes' matrices as floats, kept as long as memory is not needed otherwise. */
    private synchronized List<Change.RowAdder> adders() {
        List<Change.RowAdder> known = decoded.get();
        if (known == null) {
            known = changes.stream().map(Change::rows).toList();
            decoded = new WeakReference<>(known);
        }
        return known;
    }

    @Override
    public String name() {
        return base.name();
    }

    @Override
    public Shape shape() {
        return base.shape();
    }

    @Override
    public Format format() {
        return Format.F32;
    }

    @Override
    public String location() {
        return base.location();
    }

    @Override
    public ByteBuffer read(long offset, long length) {
        int columns = rows.columns();
        long rowBytes = (long) columns * format().bytes();
        if (length == 0 || rowBytes == 0) {
            return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
        }
        int first = Math.toIntExact(offset / rowBytes);
        int count = Math.toIntExact((offset + length + rowBytes - 1) / rowBytes) - first;
        List<Change.RowAdder> adders = adders();
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Math.toIntExact(count * rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
        IntStream.range(0, count).parallel().forEach(r -> {
            float[] row = new float[columns];
            rows.read(first + r, 1, row);
            adders.forEach(adder -> adder.add(first + r, row, 0, columns));
            FloatCodec.encode(format(), row, 0, columns, bytes, Math.toIntExact(r * rowBytes));
        });
        return bytes.slice(Math.toIntExact(offset - first * rowBytes), Math.toIntExact(length))
                .order(ByteOrder.LITTLE_ENDIAN);
    }
}
