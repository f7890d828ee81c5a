package io.wan4j.model.vae;

import java.util.function.IntFunction;

/** Frames from a function of their index. */
record HostFrames(int count, int height, int width, IntFunction<float[]> frames) implements VideoFrames {
    HostFrames {
        if (count < 1 || height < 1 || width < 1) {
            throw new IllegalArgumentException(
                    "video: expected positive extents, got " + count + " frames of " + width + "x" + height);
        }
    }

    @Override
    public float[] frame(int index) {
        return frames.apply(index);
    }
}
