package io.wan4j.cuda;

import static io.wan4j.cuda.Launcher.name;

import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.cuda.driver.KernelArguments;
import io.wan4j.cuda.driver.LaunchShape;
import io.wan4j.tensor.Format;
import java.util.Optional;

/** Launches {@code out = epilogue(x w^T)} on operands that lie as the kernels want them. */
final class MatrixProduct {
    private final Launcher launcher;
    private final GroupProduct groups;

    MatrixProduct(Launcher launcher) {
        this.launcher = launcher;
        this.groups = new GroupProduct(launcher);
    }

    /**
     * A matrix on the device.
     *
     * @param address first row
     * @param format of its elements
     * @param pitch bytes from row to row
     */
    record Operand(long address, Format format, int pitch) {
        Operand fromRow(long row) {
            return new Operand(address + row * pitch, format, pitch);
        }

        /** Whether rows consist of whole aligned 16-byte pieces. */
        boolean inPieces() {
            return pitch % WeightPlacement.PIECE == 0 && Launcher.aligned(address);
        }
    }

    /** Extents of a product. */
    record Extents(long rows, long columns, int depth) {}

    /** A tile size of {@code product.cuh}. */
    private enum Tile {
        LARGE(128, 256, 256, 4),
        MEDIUM(128, 128, 256, 4),
        SMALL(64, 64, 128, 3);

        private static final int SLICE_BYTES = 64;

        private final int rows;
        private final int columns;
        private final int threads;
        private final int stages;

        Tile(int rows, int columns, int threads, int stages) {
            this.rows = rows;
            this.columns = columns;
            this.threads = threads;
            this.stages = stages;
        }

        int sharedBytes() {
            return (rows + columns) * SLICE_BYTES * stages;
        }

        long count(long m, long n) {
            return Launcher.blocks(m, rows) * Launcher.blocks(n, columns);
        }

        String suffix() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** The largest tile that still gives every multiprocessor one. */
    private Tile choose(Extents extents, Format format) {
        // compute capability 9.0 has no E4M3 mma.sync of its own: the large tile would not fit its registers
        boolean widened = format == Format.F8_E4M3 && launcher.capability().equals(new ComputeCapability(9, 0));
        for (Tile tile : Tile.values()) {
            boolean fits = extents.rows() > tile.rows / 2 && extents.columns() > tile.columns / 2;
            boolean enough = tile.count(extents.rows(), extents.columns()) >= launcher.multiprocessors();
            if (tile == Tile.SMALL || (fits && enough && !(widened && tile == Tile.LARGE))) {
                return tile;
            }
        }
        return Tile.SMALL;
    }

    /** On tensor cores: both operands in BF16, I8 or F8_E4M3, in 16-byte pieces, zero past the depth. */
    void onTensorCores(Operand x, Operand w, Extents extents, ProductEpilogue epilogue, Object what) {
        Optional<GroupProduct.Tile> group = groups.choose(x, w, extents);
        if (group.isPresent()) {
            groups.multiply(group.get(), new GroupProduct.Operands(x, w, extents), epilogue, what);
            return;
        }
        onSingleWarps("gemm_" + name(x.format()), x, w, extents, epilogue, what);
    }

    /** The same for codes that {@link HalfSums} serves, x shrunk. */
    void inHalfSums(Operand x, Operand w, Extents extents, ProductEpilogue epilogue, Object what) {
        onSingleWarps("gemm_e4m3_half", x, w, extents, epilogue.withStrength(HalfSums.FACTOR), what);
    }

    private void onSingleWarps(
            String file, Operand x, Operand w, Extents extents, ProductEpilogue epilogue, Object what) {
        Tile tile = choose(extents, x.format());
        String kernel = file + "_" + name(epilogue.format()) + "_" + tile.suffix();
        KernelArguments arguments = epilogue.write(
                        new KernelArguments().pointer(x.address()).pointer(w.address()),
                        extents.rows(),
                        extents.columns())
                .int32(x.pitch())
                .int32(w.pitch())
                .int32(WeightPlacement.padded(
                        (long) extents.depth() * x.format().bytes()));
        launch(file, kernel, tile, extents, arguments, what);
    }

    private void launch(
            String file, String kernel, Tile tile, Extents extents, KernelArguments arguments, Object what) {
        LaunchShape blocks = LaunchShape.of(Math.toIntExact(tile.count(extents.rows(), extents.columns())));
        launcher.launch(new Launcher.Call(file, kernel, blocks, tile.threads, tile.sharedBytes()), arguments, what);
    }

    /** In F32 arithmetic: operands in F32 or BF16, rows as long as the depth. */
    void inF32(Operand x, Operand w, Extents extents, ProductEpilogue epilogue, Object what) {
        int side = 64;
        long tiles = Launcher.blocks(extents.rows(), side) * Launcher.blocks(extents.columns(), side);
        String kernel = "gemm_f32_" + name(x.format()) + "_" + name(w.format()) + "_" + name(epilogue.format());
        KernelArguments arguments = epilogue.write(
                        new KernelArguments().pointer(x.address()).pointer(w.address()),
                        extents.rows(),
                        extents.columns())
                .int32(extents.depth())
                .int32(x.pitch() / x.format().bytes())
                .int32(w.pitch() / w.format().bytes());
        launcher.launch(Launcher.Call.of("gemm_f32", kernel, tiles, 256), arguments, what);
    }

    /** Copies rows to {@code target}, padded with zeros to its pitch and converted to its format. */
    void pad(Operand source, Operand target, long rows, int columns, Object what) {
        KernelArguments arguments = new KernelArguments()
                .pointer(source.address())
                .pointer(target.address())
                .int64(rows)
                .int32(columns)
                .int32(source.pitch() / source.format().bytes())
                .int32(target.pitch() / target.format().bytes());
        long items = rows * (target.pitch() / target.format().bytes());
        String kernel = "pad_rows_" + name(source.format()) + "_" + name(target.format());
        launcher.launch(Launcher.Call.of("pad_rows", kernel, Launcher.blocks(items, 256), 256), arguments, what);
    }
}
