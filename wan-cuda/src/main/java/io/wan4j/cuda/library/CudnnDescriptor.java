package io.wan4j.cuda.library;

import java.util.Arrays;

/** A descriptor of cuDNN's graph interface. */
final class CudnnDescriptor implements AutoCloseable {
    // cudnnBackendAttributeType_t
    private static final int DATA_TYPE = 1;
    private static final int BOOLEAN = 2;
    private static final int INT64 = 3;
    private static final int FLOAT = 4;
    private static final int VOID_PTR = 6;
    private static final int CONVOLUTION_MODE = 7;
    private static final int HEUR_MODE = 8;
    private static final int POINTWISE_MODE = 14;
    private static final int DESCRIPTOR = 15;

    private final Cudnn library;
    private final long address;

    CudnnDescriptor(Cudnn library, int kind) {
        this.library = library;
        long[] made = new long[1];
        library.call("cudnnBackendCreateDescriptor", kind, made);
        this.address = made[0];
    }

    long address() {
        return address;
    }

    private CudnnDescriptor set(int attribute, int type, long count, Object values) {
        library.call("cudnnBackendSetAttribute", address, attribute, type, count, values);
        return this;
    }

    CudnnDescriptor dataType(int attribute, int value) {
        return set(attribute, DATA_TYPE, 1, new int[] {value});
    }

    CudnnDescriptor yes(int attribute) {
        return set(attribute, BOOLEAN, 1, new byte[] {1});
    }

    CudnnDescriptor numbers(int attribute, long... values) {
        return set(attribute, INT64, values.length, values.clone());
    }

    CudnnDescriptor pointers(int attribute, long... values) {
        return set(attribute, VOID_PTR, values.length, values.clone());
    }

    CudnnDescriptor handle(int attribute, long handle) {
        return set(attribute, 0, 1, new long[] {handle});
    }

    CudnnDescriptor heuristic(int attribute, int mode) {
        return set(attribute, HEUR_MODE, 1, new int[] {mode});
    }

    CudnnDescriptor factor(int attribute, float value) {
        return set(attribute, FLOAT, 1, new float[] {value});
    }

    CudnnDescriptor convolutionMode(int attribute, int mode) {
        return set(attribute, CONVOLUTION_MODE, 1, new int[] {mode});
    }

    CudnnDescriptor pointwiseMode(int attribute, int mode) {
        return set(attribute, POINTWISE_MODE, 1, new int[] {mode});
    }

    CudnnDescriptor link(int attribute, CudnnDescriptor... others) {
        long[] addresses =
                Arrays.stream(others).mapToLong(CudnnDescriptor::address).toArray();
        return set(attribute, DESCRIPTOR, addresses.length, addresses);
    }

    /** Fills descriptors that exist already; gives how many were filled. */
    int fill(int attribute, long[] descriptors) {
        long[] count = new long[1];
        library.call(
                "cudnnBackendGetAttribute",
                address,
                attribute,
                DESCRIPTOR,
                (long) descriptors.length,
                count,
                descriptors);
        return Math.toIntExact(Math.min(count[0], descriptors.length));
    }

    long number(int attribute) {
        long[] count = new long[1];
        long[] value = new long[1];
        library.call("cudnnBackendGetAttribute", address, attribute, INT64, 1L, count, value);
        return value[0];
    }

    CudnnDescriptor complete() {
        library.call("cudnnBackendFinalize", address);
        return this;
    }

    /** Completes it if the library can. */
    boolean tryComplete() {
        return library.tryCall("cudnnBackendFinalize", address) == 0;
    }

    @Override
    public void close() {
        library.call("cudnnBackendDestroyDescriptor", address);
    }
}
