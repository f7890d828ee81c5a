package io.wan4j.model.vae;

import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/** Device memory of one run: what layers remember from frame to frame. All of it is allocated before the first frame. */
final class Caches implements AutoCloseable {
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

    /** Frames in the compute format, with undefined content. */
    Tensor frames(Shape shape) {
        return arena.allocate(shape, device.formats().compute());
    }

    @Override
    public void close() {
        arena.close();
    }
}
