package io.wan4j.spi;

import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;

/**
 * A 3-D convolution over [frames, height, width, channels].
 *
 * @param name canonical name
 * @param weight [out, in, kt, kh, kw]
 * @param bias F32 [out]
 * @param geometry strides and padding
 */
public record Convolution(String name, Weight weight, Tensor bias, Geometry geometry) {
    /**
     * Strides and zero padding. Time is never padded: earlier frames are passed to the kernel.
     *
     * @param strideTime stride over frames
     * @param strideSpace stride over rows and columns
     * @param before zero rows above and columns to the left
     * @param after zero rows below and columns to the right
     */
    public record Geometry(int strideTime, int strideSpace, int before, int after) {
        /** Stride 1, padding 1 all around: the 3x3 case. */
        public static final Geometry SAME_3 = new Geometry(1, 1, 1, 1);

        /** Stride 1, no padding: the 1x1 case. */
        public static final Geometry POINT = new Geometry(1, 1, 0, 0);
    }

    /** Output channels. */
    public long out() {
        return weight.shape().dim(0);
    }

    /** Input channels. */
    public long in() {
        return weight.shape().dim(1);
    }

    /** Kernel extent in time. */
    public long kernelTime() {
        return weight.shape().dim(2);
    }

    /** Kernel extent in rows and columns. */
    public long kernelSpace() {
        return weight.shape().dim(3);
    }

    /** Output frames for this many input frames, earlier ones included; one if there are fewer than the kernel sees. */
    public long outFrames(long frames) {
        return Math.max(0, frames - kernelTime()) / geometry.strideTime() + 1;
    }

    /** How many frames of zeros come before so many input frames, so that there is one output frame. */
    public long missingFrames(long frames) {
        return Math.max(0, kernelTime() - frames);
    }

    /** Output rows or columns for this many input rows or columns. */
    public long outSpace(long extent) {
        return (extent + geometry.before() + geometry.after() - kernelSpace()) / geometry.strideSpace() + 1;
    }
}
