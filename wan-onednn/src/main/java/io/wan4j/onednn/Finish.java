package io.wan4j.onednn;

import io.wan4j.spi.Activation;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What happens to a tile of sums after the product: scales, bias, adapters, epilogue. */
final class Finish {
    private final Linear layer;
    private final Epilogue epilogue;
    private final Left left;
    private final float @Nullable [] rowScales;
    private final Optional<RowCode> code;
    private final Adapters adapters;
    private final View target;
    private final long firstRow;
    private final int columns;
    private final float[] bias;
    private final float @Nullable [] columnScales;
    private final float @Nullable [] gate;
    private final @Nullable View factor;

    /**
     * @param adapters products of the side branches with the region's rows
     * @param target F32 or BF16 rows that the result goes to
     */
    Finish(Linear layer, Epilogue epilogue, Left left, Adapters adapters, Target target) {
        this.layer = layer;
        this.epilogue = epilogue;
        this.left = left;
        this.rowScales = left.rowScales();
        this.code = target.code();
        this.adapters = adapters;
        this.target = target.rows();
        this.firstRow = target.firstRow();
        this.columns = Math.toIntExact(layer.out());
        this.bias = layer.bias().map(Finish::values).orElseGet(() -> new float[columns]);
        this.columnScales = layer.weight() instanceof Scaled scaled ? values(scaled.scale()) : null;
        this.gate = epilogue instanceof Epilogue.AddGatedTo gated ? values(gated.gate()) : null;
        this.factor = epilogue instanceof Epilogue.Multiply multiply ? new View(multiply.factor()) : null;
    }

    /**
     * Where the result goes.
     *
     * @param rows F32 or BF16
     * @param firstRow row of the whole output that stands first in {@code rows}
     * @param code that finishes the usual cases, where there is some
     */
    record Target(View rows, long firstRow, Optional<RowCode> code) {}

    private static float[] values(Tensor vector) {
        float[] values = new float[Math.toIntExact(vector.shape().count())];
        new View(vector).getFloats(0, values, 0, values.length);
        return values;
    }

    /** Address of the weight's scales from a column on. */
    long columnScales(long from) {
        return NativeStorage.address(((Scaled) layer.weight()).scale()) + from * Float.BYTES;
    }

    /** Finishes the tile whose sums lie at {@code product}; {@code scaled} if the column scales are in them. */
    void run(Worker worker, LinearKernel.Tiles.Tile t, long product, boolean scaled) {
        int width = Math.toIntExact(t.chunk().columns());
        int from = Math.toIntExact(t.chunk().from());
        Optional<RowCode.Kind> kind = scaled ? kind(width) : Optional.empty();
        if (kind.isPresent()) {
            runCode(worker, t, product, kind.get());
            return;
        }
        View sums = new View(product, t.rows() * width, Format.F32);
        View branches = adapters.isEmpty() ? null : adapters.tile(worker, t);
        float[] row = worker.floats(0, width);
        float[] other = worker.floats(1, width);
        Lanes lanes = worker.lanes();
        for (int r = 0; r < t.rows(); r++) {
            sums.getFloats((long) r * width, row, 0, width);
            if (columnScales != null && !scaled) {
                lanes.multiply(row, 0, columnScales, from, width);
            }
            float factorOfRow = rowScales == null ? 1f : rowScales[(int) (t.row() + r)];
            lanes.scaleAndAdd(row, 0, width, factorOfRow, bias, from);
            if (branches != null) {
                branches.getFloats((long) r * width, other, 0, width);
                lanes.add(row, 0, other, 0, width);
            }
            join(worker, t.row() + r, from, width, row, other);
        }
    }

    /** What machine code there is for this layer. */
    private Optional<RowCode.Kind> kind(int width) {
        boolean taken = code.isPresent()
                && left.scales() != 0
                && layer.bias().isPresent()
                && adapters.isEmpty()
                && width % RowCode.COLUMNS == 0;
        if (!taken) {
            return Optional.empty();
        }
        boolean narrow = target.format() == Format.BF16;
        if (epilogue instanceof Epilogue.Store && narrow) {
            return Optional.of(RowCode.Kind.STORE);
        }
        if (epilogue instanceof Epilogue.Activate a && a.activation() == Activation.GELU_TANH && narrow) {
            return Optional.of(RowCode.Kind.GELU);
        }
        boolean gated = epilogue instanceof Epilogue.AddGatedTo && target.format() == Format.F32;
        return gated ? Optional.of(RowCode.Kind.ADD_GATED) : Optional.empty();
    }

    private void runCode(Worker worker, LinearKernel.Tiles.Tile t, long product, RowCode.Kind kind) {
        long at = worker.nativeScratch(Worker.Piece.LEFT, RowCode.ARGUMENTS);
        long from = t.chunk().from();
        long width = t.chunk().columns();
        long bytes = target.format().bytes();
        ByteBuffer arguments = RowCode.arguments(at);
        arguments.putLong(RowCode.SOURCE, product);
        arguments.putLong(RowCode.SOURCE_STRIDE, width * Float.BYTES);
        arguments.putLong(RowCode.ROWS, t.rows());
        arguments.putLong(RowCode.TURNS, width / RowCode.COLUMNS);
        arguments.putLong(RowCode.OUT, target.address() + ((t.row() - firstRow) * columns + from) * bytes);
        arguments.putLong(RowCode.OUT_STRIDE, columns * bytes);
        arguments.putLong(RowCode.ROW_SCALES, left.scales() + t.row() * Float.BYTES);
        arguments.putLong(RowCode.BIAS, NativeStorage.address(layer.bias().orElseThrow()) + from * Float.BYTES);
        long gates = epilogue instanceof Epilogue.AddGatedTo gated ? NativeStorage.address(gated.gate()) : 0;
        arguments.putLong(RowCode.GATE, gates + from * Float.BYTES);
        code.orElseThrow().finish(kind, at);
    }

    private void join(Worker worker, long r, int from, int width, float[] row, float[] other) {
        Lanes lanes = worker.lanes();
        short[] halves = worker.halves(width);
        long at = (r - firstRow) * columns + from;
        if (epilogue instanceof Epilogue.Activate activate) {
            if (activate.activation() != Activation.IDENTITY) {
                lanes.activate(activate.activation(), row, 0, width);
            }
        } else if (factor != null) {
            factor.read(r * columns + from, other, 0, width, lanes, halves);
            lanes.multiply(row, 0, other, 0, width);
        } else if (!(epilogue instanceof Epilogue.Store)) {
            target.read(at, other, 0, width, lanes, halves);
            if (gate != null) {
                lanes.addGated(other, 0, row, 0, gate, from, width);
            } else {
                lanes.add(other, 0, row, 0, width);
            }
            target.write(at, other, 0, width, lanes, halves);
            return;
        }
        target.write(at, row, 0, width, lanes, halves);
    }
}
