package io.wan4j.cuda;

import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.tensor.Format;

/** Joins results that a library left in scratch to where they belong, as the epilogues of our own products do. */
final class ProductJoin {
    private static final int THREADS = 256;

    private final Launcher launcher;

    ProductJoin(Launcher launcher) {
        this.launcher = launcher;
    }

    /**
     * A result in scratch.
     *
     * @param address of its first element
     * @param pitch elements from row to row, a multiple of 4
     * @param sums F32 or I32, which I8 stands for
     */
    record Left(long address, long pitch, Format sums) {}

    void run(Left product, ProductEpilogue epilogue, long rows, long columns, Object what) {
        KernelArguments arguments = epilogue.write(new KernelArguments().pointer(product.address()), rows, columns)
                .int32(product.pitch());
        String sums = product.sums() == Format.I8 ? "s32" : "f32";
        launcher.launch(
                Launcher.Call.of(
                        "join_product",
                        "join_product_" + sums + "_" + Launcher.name(epilogue.format()),
                        Launcher.blocks(rows * ((columns + 3) / 4), THREADS),
                        THREADS),
                arguments,
                what);
    }
}
