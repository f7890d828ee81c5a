package io.wan4j.cuda;

/**
 * How a device is set up.
 *
 * @param sizes of the memory that it keeps for itself
 * @param settings of its kernels
 * @param libraries where NVIDIA's libraries come from
 */
record CudaSetup(MemorySizes sizes, CudaSettings settings, LibrarySource libraries) {
    /** With the libraries of the user's system. */
    static CudaSetup of(MemorySizes sizes, CudaSettings settings) {
        return new CudaSetup(sizes, settings, LibrarySource.ofSystem());
    }
}
