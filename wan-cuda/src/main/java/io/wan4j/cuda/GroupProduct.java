package io.wan4j.cuda;

import static io.wan4j.cuda.Launcher.name;

import io.wan4j.cuda.MatrixProduct.Extents;
import io.wan4j.cuda.MatrixProduct.Operand;
import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.cuda.driver.LaunchShape;
import io.wan4j.cuda.driver.TensorMap;
import io.wan4j.tensor.Format;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code out = epilogue(x w^T)} on the warp groups of compute capability 9.0 ({@code group_product.cuh}). */
final class GroupProduct {
    private static final int SLICE_BYTES = 128;
    private static final int THREADS = 384;

    private final Launcher launcher;

    GroupProduct(Launcher launcher) {
        this.launcher = launcher;
    }

    /** A tile of {@code group_product.cuh}; all have 128 rows. */
    enum Tile {
        LARGE(256, 4),
        MEDIUM(128, 6);

        private static final int ROWS = 128;
        private static final int ALIGNMENT = 1024;
        private static final int STAGED_BYTES = 8 * 16 * 40 * Float.BYTES;
        private static final int BARRIER_BYTES = 16;

        private final int columns;
        private final int slots;

        Tile(int columns, int slots) {
            this.columns = columns;
            this.slots = slots;
        }

        private int sharedBytes() {
            return ALIGNMENT + slots * ((ROWS + columns) * SLICE_BYTES + BARRIER_BYTES) + STAGED_BYTES;
        }

        private long count(Extents extents) {
            return Launcher.blocks(extents.rows(), ROWS) * Launcher.blocks(extents.columns(), columns);
        }

        private boolean has(Format format) {
            return this == MEDIUM || format != Format.F8_E4M3;
        }
    }

    /** The tile for a product; empty if other kernels shall have it. */
    Optional<Tile> choose(Operand x, Operand w, Extents extents) {
        boolean can = launcher.hasWarpGroups() && x.inPieces() && w.inPieces() && extents.depth() > 0;
        if (!can) {
            return Optional.empty();
        }
        boolean all = launcher.products() == ProductKernels.WARP_GROUPS;
        for (Tile tile : Tile.values()) {
            boolean fits = extents.columns() > tile.columns / 2 && extents.rows() > Tile.ROWS / 2;
            boolean enough = tile.count(extents) >= launcher.multiprocessors();
            if (tile.has(x.format()) && fits && enough) {
                return Optional.of(tile);
            }
        }
        return all ? Optional.of(Tile.MEDIUM) : Optional.empty();
    }

    void multiply(Tile tile, Operands operands, ProductEpilogue epilogue, Object what) {
        Extents extents = operands.extents();
        Operand x = operands.x();
        String file = "gemm_group_" + name(x.format());
        String kernel = file + "_" + name(epilogue.format()) + "_" + tile.name().toLowerCase(Locale.ROOT);
        long depthBytes = (long) extents.depth() * x.format().bytes();
        KernelArguments arguments = new KernelArguments()
                .bytes(map(x, extents.rows(), extents.depth(), Tile.ROWS), TensorMap.ALIGNMENT)
                .bytes(map(operands.w(), extents.columns(), extents.depth(), tile.columns), TensorMap.ALIGNMENT);
        epilogue.write(arguments, extents.rows(), extents.columns()).int32(Launcher.blocks(depthBytes, SLICE_BYTES));
        LaunchShape blocks = LaunchShape.of((int) Math.min(tile.count(extents), launcher.multiprocessors()));
        launcher.launch(new Launcher.Call(file, kernel, blocks, THREADS, tile.sharedBytes()), arguments, what);
    }

    /** Both matrices, x [rows, depth] and w [columns, depth]. */
    record Operands(Operand x, Operand w, Extents extents) {}

    private byte[] map(Operand matrix, long rows, long depth, int boxRows) {
        int bytes = matrix.format().bytes();
        return launcher.driver()
                .encodeTensorMap(new TensorMap(
                        matrix.address(),
                        bytes == 1 ? TensorMap.Element.U8 : TensorMap.Element.BF16,
                        List.of(depth, rows),
                        List.of((long) matrix.pitch()),
                        List.of(SLICE_BYTES / bytes, boxRows),
                        TensorMap.Swizzle.BYTES_128));
    }
}
