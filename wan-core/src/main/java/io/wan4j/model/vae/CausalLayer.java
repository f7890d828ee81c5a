package io.wan4j.model.vae;

import io.wan4j.ops.Ops;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;

/**
 * A layer within one run. What it makes of a frame depends on that frame and on earlier ones, which it remembers; so a
 * video may come in pieces of any length, frame by frame at the least, with the same results.
 */
interface CausalLayer {
    /** What a layer is made from: its weights. */
    interface Parameters<L extends CausalLayer> {
        /**
         * The layer at the beginning of a run.
         *
         * @param frame [1, H, W, C], the extents of its input frames
         */
        L begin(Caches caches, Shape frame);
    }

    /** Extents of what the next input [T, H, W, C] gives; a layer that halves the frames may give none. */
    Shape output(Shape x);

    /** Takes the next frames x [T, H, W, C], F32 or BF16, and writes what they give, in the residual format. */
    void forward(Ops ops, Tensor x, Tensor out);

    /** Whether out of {@link #forward} may be x. */
    default boolean inPlace() {
        return false;
    }
}
