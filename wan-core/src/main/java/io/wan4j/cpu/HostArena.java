package io.wan4j.cpu;

import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.Arena;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.HostStorage;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.util.ArrayList;
import java.util.List;

/** Host memory in one piece per tensor; weights are views of the checkpoint, in the format that it has. */
final class HostArena implements Arena {
    private final HostMemory memory;
    private final List<NativeBytes> pieces = new ArrayList<>();
    private long bytes;
    private boolean closed;

    HostArena(HostMemory memory) {
        this.memory = memory;
    }

    @Override
    public Tensor allocate(Shape shape, Format format) {
        if (closed) {
            throw new IllegalStateException("arena: a tensor was asked for after it was closed");
        }
        int size = HostMemory.size("arena: tensor", shape, format);
        NativeBytes piece = memory.takeForArena("tensor " + shape + " " + format, size);
        pieces.add(piece);
        bytes += size;
        return Tensor.of(shape, format, new HostStorage(piece.slice(0, size), piece::isOpen));
    }

    @Override
    public Weight place(StoredWeight stored, WeightRole role) {
        StoredTensor values = stored.values();
        if (stored.scale().isEmpty() && !values.format().isFloat()) {
            throw new UnsupportedException(values.name() + ": expected a weight in a floating format or codes with a"
                    + " scale, got " + values.format() + " in " + values.location());
        }
        int size = HostMemory.size(values.name(), values.shape(), values.format());
        Tensor kept = Tensor.of(values.shape(), values.format(), new HostStorage(values.read(0, size)));
        if (stored.scale().isEmpty()) {
            return new Dense(kept);
        }
        return new Scaled(kept, scale(stored.scale().get()), stored.activations());
    }

    private Tensor scale(StoredTensor stored) {
        int count = Math.toIntExact(stored.shape().count());
        float[] values = new float[count];
        FloatCodec.decode(stored.format(), stored.read(0, stored.bytes()), 0, values, 0, count);
        Tensor scale = allocate(Shape.of(count), Format.F32);
        FloatCodec.encode(Format.F32, values, 0, count, HostMemory.bytes(scale), 0);
        return scale;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        pieces.forEach(NativeBytes::close);
        pieces.clear();
        memory.arenaClosed(this, bytes);
        bytes = 0;
    }
}
