package io.wan4j.onednn;

/**
 * One frame, or a strip of it, of a convolution as oneDNN sees it: {@code kernelTime} frames in, one out, no padding in
 * time and rows, channels last.
 *
 * @param kernel extents of the weight
 * @param rows rows of the result
 * @param width columns of the input
 * @param before zero columns on the left
 * @param after zero columns on the right
 * @param stride over rows and columns
 * @param type oneDNN's number of the element type of input and weight
 * @param result oneDNN's number of the element type of the result
 * @param sum adds what the result held before
 */
record ConvolutionSpec(
        Kernel kernel, long rows, long width, long before, long after, long stride, int type, int result, boolean sum) {
    /**
     * Extents of the weight [out, in, skipped + time, space, space].
     *
     * @param skipped first taps in time, on frames that are missing
     */
    record Kernel(long out, long in, long skipped, long time, long space) {
        /** Bytes of an F32 weight before the first tap that is used. */
        long skippedBytes() {
            return skipped * space * space * Float.BYTES;
        }
    }

    long rowsIn() {
        return (rows - 1) * stride + kernel.space();
    }

    long widthOut() {
        return (width + before + after - kernel.space()) / stride + 1;
    }
}
