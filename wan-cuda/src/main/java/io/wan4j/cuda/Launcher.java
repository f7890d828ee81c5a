package io.wan4j.cuda;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.CudaDriver;
import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.cuda.driver.Launch;
import io.wan4j.cuda.driver.LaunchShape;
import io.wan4j.cuda.kernel.KernelLibrary;
import io.wan4j.error.DeviceException;
import io.wan4j.tensor.Format;

/** Starts kernels on the one stream of a device. */
final class Launcher {
    private static final ComputeCapability HOPPER = new ComputeCapability(9, 0);

    private final CudaDriver driver;
    private final KernelLibrary library;
    private final long stream;
    private final ComputeCapability capability;
    private final int multiprocessors;
    private final ProductKernels products;

    Launcher(CudaDriver driver, KernelLibrary library, long stream, Chip chip) {
        this.driver = driver;
        this.library = library;
        this.stream = stream;
        this.capability = chip.capability();
        this.multiprocessors = chip.multiprocessors();
        this.products = chip.products();
    }

    /** What the choice of a kernel depends on. */
    record Chip(ComputeCapability capability, int multiprocessors, ProductKernels products) {}

    /**
     * A kernel and the work that it is given.
     *
     * @param file source without ending
     * @param kernel entry
     * @param blocks in the grid
     * @param threads of a block
     * @param sharedBytes dynamic shared memory of a block
     */
    record Call(String file, String kernel, LaunchShape blocks, int threads, int sharedBytes) {
        /** Without dynamic shared memory, in one row of blocks. */
        static Call of(String file, String kernel, long blocks, int threads) {
            return new Call(file, kernel, LaunchShape.of(Math.toIntExact(blocks)), threads, 0);
        }
    }

    /** Starts a kernel. {@code what} names the operands, for errors. */
    void launch(Call call, KernelArguments arguments, Object what) {
        try {
            long function = library.function(call.file(), call.kernel(), call.sharedBytes());
            driver.launch(
                    new Launch(
                            function,
                            call.blocks(),
                            LaunchShape.of(call.threads()),
                            LaunchShape.ONE,
                            call.sharedBytes(),
                            arguments),
                    stream);
        } catch (DeviceException failure) {
            throw new DeviceException(call.kernel() + " on " + what + ": " + failure.getMessage(), failure);
        }
    }

    ComputeCapability capability() {
        return capability;
    }

    int multiprocessors() {
        return multiprocessors;
    }

    /** Whether kernels on warp groups may be chosen. */
    boolean hasWarpGroups() {
        return capability.equals(HOPPER) && products != ProductKernels.WARPS;
    }

    ProductKernels products() {
        return products;
    }

    CudaDriver driver() {
        return driver;
    }

    long stream() {
        return stream;
    }

    /** The name of a format in kernel names. */
    static String name(Format format) {
        return switch (format) {
            case F32 -> "f32";
            case BF16 -> "bf16";
            case F16 -> "f16";
            case F8_E4M3 -> "e4m3";
            case I8 -> "s8";
            default -> throw new IllegalArgumentException("no kernel takes " + format);
        };
    }

    /** Blocks of {@code threads} for so many work items. */
    static long blocks(long items, int threads) {
        return (items + threads - 1) / threads;
    }

    /** Whether all addresses are multiples of 16. */
    static boolean aligned(long... addresses) {
        long all = 0;
        for (long address : addresses) {
            all |= address;
        }
        return all % 16 == 0;
    }
}
