package io.wan4j.model.vae;

/**
 * How far back in time a layer looks: output frame t depends on the input frames {@code stride * t - earlier ..
 * stride * t} and nothing else.
 *
 * @param earlier number of earlier input frames
 * @param stride input frames per output frame
 */
record Reach(int earlier, int stride) {
    /** Each frame for itself. */
    static final Reach FRAME = new Reach(0, 1);

    /**
     * To how many frames before it an output frame is equal, bit for bit, when the newest input frame is equal to
     * {@code repeats} frames before it. The output and k before it look at {@code earlier + k * stride} input frames
     * before the newest: if all those are equal, so are the outputs, as layers are deterministic.
     */
    int repeats(int repeats) {
        return Math.max(0, (repeats - earlier) / stride);
    }

    /** The reach of this layer followed by another. */
    Reach then(Reach next) {
        return new Reach(earlier + stride * next.earlier, stride * next.stride);
    }
}
