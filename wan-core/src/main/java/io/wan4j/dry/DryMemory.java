package io.wan4j.dry;

import io.wan4j.spi.Arena;
import io.wan4j.spi.Memory;
import io.wan4j.spi.WeightRole;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.nio.ByteBuffer;

/** Counts what arenas hold, whichever thread fills them; weights keep the bytes that they have in the checkpoint. */
final class DryMemory implements Memory {
    private final DryWorkspace workspace = new DryWorkspace();
    private long inArenas;
    private long peakInArenas;

    @Override
    public Arena arena() {
        return new DryArena();
    }

    @Override
    public Workspace workspace() {
        return workspace;
    }

    @Override
    public void upload(ByteBuffer source, Tensor target) {
        // There is no data.
    }

    @Override
    public void download(Tensor source, ByteBuffer target) {
        // There is no data: the target keeps what it had, zeros for a new buffer.
    }

    @Override
    public long available() {
        return Long.MAX_VALUE;
    }

    @Override
    public synchronized long inArenas() {
        return inArenas;
    }

    synchronized long peakInArenas() {
        return peakInArenas;
    }

    private final class DryArena implements Arena {
        private long bytes;

        @Override
        public Tensor allocate(Shape shape, Format format) {
            return Tensor.of(shape, format, take(shape.count() * format.bytes()));
        }

        @Override
        public Weight place(StoredWeight stored, WeightRole role) {
            Tensor values = allocate(stored.values().shape(), stored.values().format());
            if (stored.scale().isEmpty()) {
                return new Dense(values);
            }
            Tensor scale = allocate(Shape.of(stored.scale().get().shape().count()), Format.F32);
            ActivationMode mode = stored.activations();
            return new Scaled(values, scale, mode);
        }

        private DryStorage take(long amount) {
            bytes += amount;
            count(amount);
            return new DryStorage(amount);
        }

        @Override
        public long bytes() {
            return bytes;
        }

        @Override
        public void close() {
            count(-bytes);
            bytes = 0;
        }
    }

    private synchronized void count(long amount) {
        inArenas += amount;
        peakInArenas = Math.max(peakInArenas, inArenas);
    }
}
