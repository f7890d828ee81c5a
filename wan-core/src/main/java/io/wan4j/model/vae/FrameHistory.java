package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/** The last two frames that a convolution over three frames saw. */
final class FrameHistory {
    private static final long LENGTH = 2;

    private final Tensor frames;
    private long seen;

    FrameHistory(Caches caches, Shape frame) {
        this.frames = caches.frames(frame.withFirst(LENGTH));
    }

    /** [P, H, W, C], older frame first; P is less than 2 at the beginning. */
    Tensor frames() {
        return frames.slice(LENGTH - seen, LENGTH);
    }

    /** Remembers the newest frames x [T, H, W, C]. */
    void push(Ops ops, Tensor x) {
        long count = x.shape().dim(0);
        if (count >= LENGTH) {
            ops.copy(x.slice(count - LENGTH, count), frames);
        } else {
            if (seen > 0) {
                ops.copy(frames.slice(1, 2), frames.slice(0, 1));
            }
            ops.copy(x, frames.slice(1, 2));
        }
        seen = Math.min(LENGTH, seen + count);
    }
}
