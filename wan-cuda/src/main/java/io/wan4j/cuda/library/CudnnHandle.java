package io.wan4j.cuda.library;

/** cuDNN in one context and stream. Used from one thread at a time. */
public final class CudnnHandle implements AutoCloseable {
    private final Cudnn library;
    private final long handle;

    CudnnHandle(Cudnn library, long handle) {
        this.library = library;
        this.handle = handle;
    }

    @Override
    public void close() {
        library.call("cudnnDestroy", handle);
    }

    /**
     * Prepares attention with the first engine that takes it; the caller closes it.
     *
     * @param scale factor of the scores
     * @throws io.wan4j.error.DeviceException if the library does not offer it
     */
    public CudnnAttention attention(CudnnAttention.Problem problem, float scale) {
        CudnnAttention attention = new CudnnAttention(library, handle, scale);
        try {
            attention.prepare(problem);
            return attention;
        } catch (RuntimeException | Error failure) {
            attention.close();
            throw failure;
        }
    }

    /**
     * Prepares a convolution with the first engine that takes it; the caller closes it.
     *
     * @throws io.wan4j.error.DeviceException if the library does not offer it
     */
    public CudnnConvolution convolution(CudnnConvolution.Problem problem) {
        CudnnConvolution convolution = new CudnnConvolution(library, handle);
        try {
            convolution.prepare(problem);
            return convolution;
        } catch (RuntimeException | Error failure) {
            convolution.close();
            throw failure;
        }
    }
}
