package io.wan4j.model.vae;

import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;

/** Device memory of one run: what layers remember from frame to frame. All of it is allocated before the first frame. */
final class Caches implements AutoCloseable {
    private static final int UPLOAD_BYTES = 1 << 24;

    private final Device device;
    private final Arena arena;

    Caches(Device device) {
        this.device = device;
        this.arena = device.memory().arena();
    }

    /** A layer's output, in the format of the residual stream, with undefined content. */
    Tensor output(Shape shape) {
        return arena.allocate(shape, device.formats().residual());
    }

    /** A tensor of zeros in the compute format. */
    Tensor zeros(Shape shape) {
        Tensor zeros = arena.allocate(shape, device.formats().compute());
        Tensor rows = zeros.reshape(shape.rows(), shape.columns());
        long rowBytes = shape.columns() * zeros.format().bytes();
        long step = Math.min(shape.rows(), Math.max(1, UPLOAD_BYTES / rowBytes));
        ByteBuffer source = ByteBuffer.allocateDirect(Math.toIntExact(step * rowBytes));
        for (long from = 0; from < shape.rows(); from += step) {
            long to = Math.min(from + step, shape.rows());
            device.memory().upload(source.slice(0, Math.toIntExact((to - from) * rowBytes)), rows.slice(from, to));
        }
        return zeros;
    }

    @Override
    public void close() {
        arena.close();
    }
}
