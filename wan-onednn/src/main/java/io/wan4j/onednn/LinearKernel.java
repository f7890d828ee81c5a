package io.wan4j.onednn;

import io.wan4j.spi.Activation;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Tensor;
import java.util.Optional;

/**
 * Linear layers. The output is cut into tiles of some hundred rows and one group of columns; each tile is one oneDNN
 * product on one thread. Where oneDNN cannot fuse what follows the product (row scales, adapters, a factor), the tile
 * stays in cache and the same thread finishes it. Large inputs that must be converted first go region by region.
 */
final class LinearKernel implements AutoCloseable {
    /** Rows that are converted before their tiles are multiplied. */
    private static final long REGION = 3200;

    private static final long TILE_ROWS = 1600;
    private static final long ROW_STEP = 32;

    private final Workers workers;
    private final Format compute;
    private final LeftOperands lefts;
    private final Scratch decoded;
    private final Scratch results;
    private final Optional<RowCode> code;

    LinearKernel(Workers workers, OneDnnMemory memory, Format compute) {
        this.workers = workers;
        this.compute = compute;
        this.code = RowCode.create();
        this.lefts = new LeftOperands(workers, memory, compute, code);
        this.decoded = new Scratch(memory);
        this.results = new Scratch(memory);
    }

    /** A convolution with one tap, as the product that it is. */
    void point(Tensor x, io.wan4j.spi.Convolution layer, Epilogue epilogue, Tensor out) {
        Tensor weight = ((Dense) layer.weight()).values();
        Dense matrix = new Dense(
                Tensor.of(io.wan4j.tensor.Shape.of(layer.out(), layer.in()), weight.format(), weight.storage()));
        linear(
                x.reshape(x.shape().rows(), layer.in()),
                new Linear(layer.name(), matrix, java.util.Optional.of(layer.bias()), java.util.List.of()),
                epilogue,
                out.reshape(out.shape().rows(), layer.out()));
    }

    /** See {@link io.wan4j.spi.Kernels#linear}. */
    void linear(Tensor x, Linear layer, Epilogue epilogue, Tensor out) {
        if (x.shape().rows() == 0) {
            return;
        }
        Packed weight = decoded(packed(layer));
        long rows = x.shape().rows();
        if (isFused(x, layer, epilogue, out)) {
            long step = LeftOperands.isSpreadWorth(x) ? REGION : rows;
            for (long from = 0; from < rows; from += step) {
                fused(x, layer, epilogue, out, weight, new LeftOperands.Rows(from, Math.min(rows, from + step)));
            }
            return;
        }
        for (long from = 0; from < rows; from += REGION) {
            region(x, layer, epilogue, out, weight, from, Math.min(rows, from + REGION));
        }
    }

    private static Packed packed(Linear layer) {
        Tensor values = layer.weight() instanceof Scaled scaled ? scaled.codes() : ((Dense) layer.weight()).values();
        if (values.storage() instanceof Packed packed) {
            return packed;
        }
        throw new IllegalArgumentException(layer.name() + ": expected a weight placed on this device as a linear one");
    }

    /** The weight with its codes decoded, if it has some that no product takes. */
    private Packed decoded(Packed weight) {
        if (!weight.isCoded()) {
            return weight;
        }
        MatmulSpec.Types types = Placement.types(weight.order());
        long[] offsets = new long[weight.chunks().size() + 1];
        for (int i = 0; i < weight.chunks().size(); i++) {
            offsets[i + 1] = offsets[i]
                    + Reorders.packedBytes(weight.in(), weight.chunks().get(i).columns(), types);
        }
        long base = decoded.address(offsets[weight.chunks().size()]);
        java.util.List<Packed.Chunk> chunks = new java.util.ArrayList<>();
        for (int i = 0; i < weight.chunks().size(); i++) {
            Packed.Chunk c = weight.chunks().get(i);
            chunks.add(new Packed.Chunk(c.from(), c.columns(), base + offsets[i]));
        }
        int pieces = 8;
        workers.run(chunks.size() * pieces, (worker, task) -> {
            int i = task / pieces;
            long count = (offsets[i + 1] - offsets[i]) / weight.order().bytes();
            long step = (count / pieces + 63) / 64 * 64;
            long from = Math.min(count, task % pieces * step);
            long to = task % pieces == pieces - 1 ? count : Math.min(count, from + step);
            View codes = new View(weight.chunks().get(i).address(), count, weight.stored());
            View values = new View(chunks.get(i).address(), count, weight.order());
            Codes.decode(worker, codes, values, from, to - from);
        });
        return new Packed(
                weight.order(),
                weight.order(),
                weight.in(),
                chunks,
                offsets[weight.chunks().size()]);
    }

    /** Whether oneDNN does all of it: the input as it is, and an epilogue that it knows. */
    private boolean isFused(Tensor x, Linear layer, Epilogue epilogue, Tensor out) {
        boolean plain = layer.isDense() && layer.adapters().isEmpty() && x.format() == compute;
        boolean known = epilogue instanceof Epilogue.Store
                || epilogue instanceof Epilogue.AddTo
                || epilogue instanceof Epilogue.AddGatedTo
                || epilogue instanceof Epilogue.Activate a && isFused(a.activation(), out);
        return plain && known && !out.format().isCode();
    }

    /** oneDNN's GELU errs by more than F32's rounding, so it is used for BF16 only. */
    private static boolean isFused(Activation activation, Tensor out) {
        return activation == Activation.IDENTITY || activation == Activation.GELU_TANH && out.format() == Format.BF16;
    }

    private void fused(Tensor x, Linear layer, Epilogue epilogue, Tensor out, Packed weight, LeftOperands.Rows rows) {
        boolean gelu = epilogue instanceof Epilogue.Activate a && a.activation() == Activation.GELU_TANH;
        long gate = epilogue instanceof Epilogue.AddGatedTo gated ? NativeStorage.address(gated.gate()) : 0;
        long bias = layer.bias().map(NativeStorage::address).orElse(0L);
        MatmulSpec.Fusion fusion = new MatmulSpec.Fusion(
                false,
                bias != 0,
                gelu ? MatmulSpec.Function.GELU_TANH : MatmulSpec.Function.IDENTITY,
                gate != 0,
                gate != 0 || epilogue instanceof Epilogue.AddTo);
        Left left = lefts.asTheyAre(x, rows);
        Tiles tiles = Tiles.of(rows.from(), rows.to(), weight);
        long in = layer.in();
        long columns = layer.out();
        long c = NativeStorage.address(out);
        workers.run(tiles.count(), (worker, task) -> {
            Tiles.Tile t = tiles.tile(task);
            MatmulSpec spec = spec(t, in, left, out.format(), columns, fusion);
            long[] data = new long[3 + (bias != 0 ? 1 : 0) + (gate != 0 ? 1 : 0)];
            data[0] = left.row(t.row());
            data[1] = t.chunk().address();
            data[2] = c + (t.row() * columns + t.chunk().from()) * out.format().bytes();
            int next = 3;
            if (bias != 0) {
                data[next++] = bias + t.chunk().from() * Float.BYTES;
            }
            if (gate != 0) {
                data[next] = gate + t.chunk().from() * Float.BYTES;
            }
            worker.matmul(spec, data);
        });
    }

    private static MatmulSpec spec(
            Tiles.Tile tile, long in, Left left, Format out, long stride, MatmulSpec.Fusion fusion) {
        int type = Md.type(left.format());
        return new MatmulSpec(
                tile.rows(),
                tile.chunk().columns(),
                in,
                new MatmulSpec.Types(type, type, Md.type(out)),
                left.stride(),
                stride,
                MatmulSpec.Right.PACKED,
                fusion);
    }

    private void region(Tensor x, Linear layer, Epilogue epilogue, Tensor out, Packed weight, long from, long to) {
        Left left = lefts.prepare(x, layer, weight, from, to);
        Adapters adapters = Adapters.prepare(workers, lefts, x, layer, from, to);
        boolean coded = out.format().isCode();
        View target = coded
                ? new View(
                        results.address((to - from) * layer.out() * Float.BYTES), (to - from) * layer.out(), Format.F32)
                : new View(out);
        Finish finish = new Finish(layer, epilogue, left, adapters, new Finish.Target(target, coded ? from : 0, code));
        Tiles tiles = Tiles.of(from, to, weight);
        workers.run(tiles.count(), (worker, task) -> tile(worker, tiles.tile(task), left, layer.in(), finish));
        if (coded) {
            quantise(target, out, from, to);
        }
    }

    private static void tile(Worker worker, Tiles.Tile t, Left left, long in, Finish finish) {
        long product =
                worker.nativeScratch(Worker.Piece.PRODUCT, t.rows() * t.chunk().columns() * Float.BYTES);
        boolean integers = left.format() == Format.I8;
        long columns = t.chunk().columns();
        if (left.low() != 0) {
            MatmulSpec low = spec(t, in, left, Format.F32, columns, MatmulSpec.Fusion.NONE);
            worker.matmul(low, left.lowRow(t.row()), t.chunk().address(), product);
            MatmulSpec high = spec(t, in, left, Format.F32, columns, MatmulSpec.Fusion.SUM);
            worker.matmul(high, left.row(t.row()), t.chunk().address(), product);
        } else if (integers) {
            // The column scales are fused, so that sums beyond 2^24 are scaled before they are rounded to F32.
            MatmulSpec spec = spec(t, in, left, Format.F32, columns, MatmulSpec.Fusion.COLUMN_SCALE);
            worker.matmul(
                    spec,
                    left.row(t.row()),
                    t.chunk().address(),
                    product,
                    finish.columnScales(t.chunk().from()));
        } else {
            MatmulSpec spec = spec(t, in, left, Format.F32, columns, MatmulSpec.Fusion.NONE);
            worker.matmul(spec, left.row(t.row()), t.chunk().address(), product);
        }
        finish.run(worker, t, product, integers);
    }

    /** Quantises finished rows of a region. */
    private void quantise(View rows, Tensor out, long from, long to) {
        int columns = Math.toIntExact(out.shape().columns());
        View codes = new View(out);
        View scales = new View(out.scales().orElseThrow());
        workers.run(Tiles.pieces(to - from), (worker, piece) -> {
            float[] row = worker.floats(0, columns);
            float[] one = worker.floats(1, 1);
            for (long r = Tiles.pieceStart(piece); r < Math.min(to - from, Tiles.pieceStart(piece + 1)); r++) {
                rows.getFloats(r * columns, row, 0, columns);
                one[0] = Codes.quantiseRow(worker, row, columns, codes, from + r);
                scales.putFloats(from + r, one, 0, 1);
            }
        });
    }

    void trim() {
        lefts.trim();
        decoded.close();
        results.close();
    }

    @Override
    public void close() {
        trim();
        code.ifPresent(RowCode::close);
    }

    /** Tiles of an output: every group of columns times some hundred rows, groups outermost. */
    record Tiles(long from, long to, long step, Packed weight) {
        /** Rows of one piece of row-wise work. */
        private static final int PIECE = 16;

        record Tile(long row, long rows, Packed.Chunk chunk) {}

        static Tiles of(long from, long to, Packed weight) {
            long rows = to - from;
            long wanted = Math.max((rows + TILE_ROWS - 1) / TILE_ROWS, rows >= 128 ? 2 : 1);
            long step = ((rows + wanted - 1) / wanted + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
            return new Tiles(from, to, step, weight);
        }

        private int bands() {
            return Math.toIntExact((to - from + step - 1) / step);
        }

        int count() {
            return bands() * weight.chunks().size();
        }

        Tile tile(int index) {
            long row = from + index % bands() * step;
            return new Tile(row, Math.min(step, to - row), weight.chunks().get(index / bands()));
        }

        static int pieces(long rows) {
            return Math.toIntExact((rows + PIECE - 1) / PIECE);
        }

        static long pieceStart(int piece) {
            return (long) piece * PIECE;
        }
    }
}
