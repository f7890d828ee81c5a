package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/** The last two frames that a convolution over three frames saw; zeros before the first. */
final class FrameHistory {
    private final Tensor frames;

    FrameHistory(Caches caches, Shape frame) {
        this.frames = caches.zeros(frame.withFirst(2));
    }

    /** [2, H, W, C], older frame first. */
    Tensor frames() {
        return frames;
    }

    /** Remembers the newest frames x [T, H, W, C]. */
    void push(Ops ops, Tensor x) {
        long count = x.shape().dim(0);
        if (count >= 2) {
            ops.copy(x.slice(count - 2, count), frames);
        } else {
            ops.copy(frames.slice(1, 2), frames.slice(0, 1));
            ops.copy(x, frames.slice(1, 2));
        }
    }
}
