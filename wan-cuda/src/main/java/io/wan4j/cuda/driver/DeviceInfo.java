package io.wan4j.cuda.driver;

/**
 * What the driver says of one GPU.
 *
 * @param ordinal number of the device, from 0, as {@code CUDA_VISIBLE_DEVICES} leaves it
 * @param name as the vendor calls it
 * @param capability architecture
 * @param totalBytes of device memory
 * @param multiprocessors count
 * @param sharedBytesPerBlock largest shared memory a block may ask for
 */
public record DeviceInfo(
        int ordinal,
        String name,
        ComputeCapability capability,
        long totalBytes,
        int multiprocessors,
        int sharedBytesPerBlock) {}
