package io.wan4j.onednn;

import io.wan4j.spi.Activation;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** What happens to a tile of sums after the product: scales, bias, adapters, epilogue. */
final class Finish {
    private final Linear layer;
    private final Epilogue epilogue;
    private final float @Nullable [] rowScales;
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
    Finish(Linear layer, Epilogue epilogue, float @Nullable [] rowScales, Adapters adapters, Target target) {
        this.layer = layer;
        this.epilogue = epilogue;
        this.rowScales = rowScales;
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
     */
    record Target(View rows, long firstRow) {}

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
