package io.wan4j.cuda.driver;

/**
 * One launch of a kernel.
 *
 * @param function handle from {@link CudaDriver#function}
 * @param grid blocks
 * @param block threads of one block
 * @param cluster blocks that share distributed shared memory; {@link LaunchShape#ONE} for none
 * @param sharedBytes dynamic shared memory of a block
 * @param arguments parameters of the kernel
 */
public record Launch(
        long function,
        LaunchShape grid,
        LaunchShape block,
        LaunchShape cluster,
        int sharedBytes,
        KernelArguments arguments) {}
