package io.wan4j.cuda;

import io.wan4j.cuda.MatrixProduct.Extents;
import io.wan4j.cuda.MatrixProduct.Operand;
import io.wan4j.cuda.driver.ComputeCapability;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Tensor;

/**
 * {@code epilogue(x W^T + b + adapters)}. Operands that the product kernels cannot take as they are (not quantised yet,
 * rows that are no whole pieces, codes of an architecture without their arithmetic) are made in scratch, so many rows at
 * a time; so is the product where its result must be quantised, which needs whole rows.
 */
final class LinearKernels {
    private static final int ROW_STEP = 128;

    private final Launcher launcher;
    private final Scratch scratch;
    private final RowKernels rowKernels;
    private final MatrixProduct product;
    private final Alternatives alternatives;

    LinearKernels(Launcher launcher, Scratch scratch, RowKernels rowKernels, Alternatives alternatives) {
        this.launcher = launcher;
        this.scratch = scratch;
        this.rowKernels = rowKernels;
        this.product = new MatrixProduct(launcher);
        this.alternatives = alternatives;
    }

    /** Other ways to a product than {@link MatrixProduct#onTensorCores}. */
    record Alternatives(HalfSums halfSums, LibraryProducts libraries) {}

    void run(Tensor x, Linear layer, Epilogue epilogue, Tensor out) {
        long rows = x.shape().rows();
        Plan plan = new Plan(x, layer, out);
        long chunk = plan.rowsAtATime(rows);
        for (long first = 0; first < rows; first += chunk) {
            scratch.reset();
            plan.run(first, Math.min(chunk, rows - first), epilogue);
        }
    }

    /** How one call is computed. */
    private final class Plan {
        private final Tensor x;
        private final Linear layer;
        private final Tensor out;
        private final int depth;
        private final long columns;
        private final Operand input;
        private final Operand weight;
        private final Format arithmetic;
        private final boolean quantise;
        private final boolean half;

        Plan(Tensor x, Linear layer, Tensor out) {
            this.x = x;
            this.layer = layer;
            this.out = out;
            this.depth = Math.toIntExact(layer.in());
            this.columns = layer.out();
            this.input = new Operand(
                    DeviceStorage.address(x), x.format(), depth * x.format().bytes());
            this.weight = weightOperand();
            this.quantise = layer.weight() instanceof Scaled scaled
                    && scaled.activations() == ActivationMode.DYNAMIC_8BIT
                    && !x.format().isCode();
            this.arithmetic = arithmetic();
            this.half = alternatives.halfSums().serves(arithmetic);
        }

        private Operand weightOperand() {
            Tensor values =
                    layer.weight() instanceof Scaled scaled ? scaled.codes() : ((Dense) layer.weight()).values();
            DeviceStorage storage = DeviceStorage.of(values);
            int dense = depth * values.format().bytes();
            return new Operand(storage.address(), values.format(), storage.pitch() == 0 ? dense : storage.pitch());
        }

        /** The format in which both operands meet. */
        private Format arithmetic() {
            if (quantise || x.format().isCode()) {
                boolean widen = weight.format() == Format.F8_E4M3
                        && !launcher.capability().isAtLeast(ComputeCapability.FIRST_WITH_FP8);
                return widen ? Format.BF16 : weight.format();
            }
            return x.format() == Format.F32 || weight.format() == Format.F32 ? Format.F32 : Format.BF16;
        }

        private boolean expandsWeight() {
            return arithmetic == Format.F32 ? weight.format().isCode() : weight.format() != arithmetic;
        }

        private int piecesPitch(Format format) {
            return WeightPlacement.padded((long) depth * format.bytes());
        }

        long rowsAtATime(long rows) {
            long perRow = 0;
            if (quantise) {
                perRow += piecesPitch(weight.format()) + Float.BYTES;
            }
            if (arithmetic != Format.F32 && (!input.inPieces() || input.format() != arithmetic)) {
                perRow += piecesPitch(arithmetic);
            } else if (half && !quantise) {
                perRow += piecesPitch(arithmetic);
            }
            if (!layer.adapters().isEmpty()) {
                perRow += (columns + widestAdapter()) * Float.BYTES;
            }
            if (out.format().isCode()) {
                perRow += columns * Format.F32.bytes();
            }
            if (perRow == 0) {
                return Math.max(1, rows);
            }
            scratch.reset();
            boolean shared =
                    expandsWeight() || (!half && alternatives.libraries().mayServe(arithmetic));
            long usable = scratch.left() / (shared ? 2 : 1) - 8 * 256;
            long most = Math.max(1, usable / perRow);
            return most >= rows ? Math.max(1, rows) : most > ROW_STEP ? most / ROW_STEP * ROW_STEP : most;
        }

        private long widestAdapter() {
            return layer.adapters().stream()
                    .mapToLong(adapter -> adapter.down().shape().dim(0))
                    .max()
                    .orElse(0);
        }

        void run(long first, long count, Epilogue epilogue) {
            ProductEpilogue result = result(first, count, epilogue);
            Operand a = input.fromRow(first);
            long addend = adapters(a, count);
            long rowScale = x.scales()
                    .map(scales -> DeviceStorage.address(scales) + first * Float.BYTES)
                    .orElse(0L);
            if (quantise) {
                Operand codes = inScratch(count, weight.format());
                rowScale = scratch.take(count * Float.BYTES);
                rowKernels.quantise(
                        new RowKernels.Rows(a.address(), a.format(), count, depth, depth),
                        new RowKernels.Codes(codes.address(), codes.format(), codes.pitch(), rowScale),
                        this);
                a = codes;
            }
            if (arithmetic != Format.F32 && (!a.inPieces() || a.format() != arithmetic)) {
                Operand padded = inScratch(count, arithmetic);
                product.pad(a, padded, count, depth, this);
                a = padded;
            }
            if (half) {
                Operand small = a.address() == input.fromRow(first).address() ? inScratch(count, arithmetic) : a;
                alternatives.halfSums().shrink(a, small, count, this);
                a = small;
            }
            multiply(a, count, result.withRowScale(rowScale).withAddend(addend));
            if (out.format().isCode()) {
                quantiseOut(result, first, count);
            }
        }

        private Operand inScratch(long rows, Format format) {
            int pitch = piecesPitch(format);
            return new Operand(scratch.take(rows * pitch), format, pitch);
        }

        private ProductEpilogue result(long first, long count, Epilogue epilogue) {
            int pitch = Math.toIntExact(columns);
            ProductEpilogue result = out.format().isCode()
                    ? ProductEpilogue.store(scratch.take(count * columns * Format.F32.bytes()), Format.F32, pitch)
                            .withJoin(Joins.of(epilogue))
                    : ProductEpilogue.store(DeviceStorage.address(out), out.format(), pitch)
                            .withJoin(Joins.of(epilogue))
                            .fromRow(first);
            if (layer.weight() instanceof Scaled scaled) {
                long scales = scaled.scale().shape().count();
                result = result.withColScale(DeviceStorage.address(scaled.scale()), scales == 1 ? 0 : 1);
            }
            return result.withBias(layer.bias().map(DeviceStorage::address).orElse(0L));
        }

        private void quantiseOut(ProductEpilogue result, long first, long count) {
            Tensor scales = out.scales().orElseThrow();
            int width = Math.toIntExact(columns);
            rowKernels.quantise(
                    new RowKernels.Rows(result.out(), result.format(), count, width, width),
                    new RowKernels.Codes(
                            DeviceStorage.address(out) + first * columns,
                            out.format(),
                            width,
                            DeviceStorage.address(scales) + first * Float.BYTES),
                    this);
        }

        /** The sum of the low-rank branches, F32 [count, columns] in scratch; 0 without branches. */
        private long adapters(Operand a, long count) {
            if (layer.adapters().isEmpty()) {
                return 0;
            }
            long sum = scratch.take(count * columns * Float.BYTES);
            long low = scratch.take(count * widestAdapter() * Float.BYTES);
            ProductEpilogue.Join join = ProductEpilogue.Join.STORE_IT;
            for (Linear.LowRank adapter : layer.adapters()) {
                int rank = Math.toIntExact(adapter.down().shape().dim(0));
                product.inF32(
                        a,
                        dense(adapter.down()),
                        new Extents(count, rank, depth),
                        ProductEpilogue.store(low, Format.F32, rank),
                        adapter.down());
                product.inF32(
                        new Operand(low, Format.F32, rank * Float.BYTES),
                        dense(adapter.up()),
                        new Extents(count, columns, rank),
                        ProductEpilogue.store(sum, Format.F32, Math.toIntExact(columns))
                                .withJoin(join)
                                .withStrength(adapter.strength()),
                        adapter.up());
                join = ProductEpilogue.Join.ADD_IT;
            }
            return sum;
        }

        private static Operand dense(Tensor tensor) {
            return new Operand(
                    DeviceStorage.address(tensor),
                    tensor.format(),
                    Math.toIntExact(tensor.shape().columns() * tensor.format().bytes()));
        }

        private void multiply(Operand a, long count, ProductEpilogue epilogue) {
            if (!expandsWeight()) {
                multiply(a, weight, new Extents(count, columns, depth), epilogue);
                return;
            }
            int pitch = arithmetic == Format.F32 ? depth * Float.BYTES : piecesPitch(arithmetic);
            long most = Math.max(1, (scratch.left() - 256) / pitch);
            long step = most > 64 ? most / 64 * 64 : most;
            Operand expanded = new Operand(scratch.take(Math.min(step, columns) * pitch), arithmetic, pitch);
            for (long from = 0; from < columns; from += step) {
                long some = Math.min(step, columns - from);
                product.pad(weight.fromRow(from), expanded, some, depth, this);
                multiply(a, expanded, new Extents(count, some, depth), epilogue.fromColumn(from));
            }
        }

        private void multiply(Operand a, Operand w, Extents extents, ProductEpilogue epilogue) {
            if (arithmetic == Format.F32) {
                product.inF32(a, w, extents, epilogue, this);
            } else if (half) { // no library offers them
                product.inHalfSums(a, w, extents, epilogue, this);
            } else if (!alternatives.libraries().multiply(a, w, extents, epilogue, this)) {
                product.onTensorCores(a, w, extents, epilogue, this);
            }
        }

        @Override
        public String toString() {
            return layer.name() + " " + layer.weight().shape() + ": " + x + " to " + out;
        }
    }
}
