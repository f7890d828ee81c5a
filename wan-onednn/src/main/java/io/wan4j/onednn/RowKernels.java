package io.wan4j.onednn;

import io.wan4j.spi.Activation;
import io.wan4j.spi.Rope;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import org.bytedeco.javacpp.Pointer;

/** Operations on rows: norms, rotary embedding, activations, and the quantiser at their end. */
final class RowKernels {
    private static final int PIECE = 1 << 14;
    private static final long COPY = 1L << 20;

    private final Workers workers;

    RowKernels(Workers workers) {
        this.workers = workers;
    }

    /** What happens to one row of floats in place. */
    @FunctionalInterface
    private interface RowTask {
        void run(Worker worker, float[] row, long index);
    }

    /** out = (x - mean) / sqrt(var + eps) * weight + bias; the weight is {@code 1 + scale} for modulation. */
    void layerNorm(Tensor x, float[] weight, float[] bias, float eps, Tensor out) {
        int columns = weight.length;
        rows(x, out, (worker, row, index) -> {
            Lanes lanes = worker.lanes();
            float mean = lanes.sum(row, 0, columns) / columns;
            float variance = lanes.sumOfSquares(row, 0, columns, mean) / columns;
            lanes.normalise(row, columns, mean, (float) (1 / Math.sqrt((double) variance + eps)), weight, bias);
        });
    }

    void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        float[] factors = values(weight);
        int columns = factors.length;
        rows(x, out, (worker, row, index) -> rms(worker, row, columns, eps, factors));
    }

    void rmsNormRope(Tensor x, Tensor weight, float eps, Rope rope, Tensor out) {
        float[] factors = values(weight);
        int columns = factors.length;
        int head = columns / rope.heads();
        View table = new View(rope.table());
        rows(x, out, (worker, row, index) -> {
            float[] angles = worker.floats(1, head);
            table.getFloats(index * head, angles, 0, head);
            rms(worker, row, columns, eps, factors);
            for (int h = 0; h < rope.heads(); h++) {
                worker.lanes().rotate(row, h * head, head, angles, 0);
            }
        });
    }

    private static void rms(Worker worker, float[] row, int columns, float eps, float[] factors) {
        float meanSquare = worker.lanes().sumOfSquares(row, 0, columns, 0f) / columns;
        worker.lanes().scale(row, 0, columns, (float) (1 / Math.sqrt((double) meanSquare + eps)), factors);
    }

    /** out = activation(x / max(norm2(x), 1e-12) * sqrt(C) * gamma). Rows are short: several go through at once. */
    void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
        float[] factors = values(gamma);
        int columns = factors.length;
        float root = (float) Math.sqrt((double) columns);
        int group = Math.max(1, PIECE / columns);
        long rows = x.shape().rows();
        View source = new View(x);
        View target = new View(out);
        workers.run(Math.toIntExact((rows + group - 1) / group), (worker, piece) -> {
            long start = (long) piece * group;
            int here = (int) Math.min(group, rows - start);
            int count = here * columns;
            Lanes lanes = worker.lanes();
            float[] block = worker.floats(0, count);
            short[] halves = worker.halves(count);
            source.read(start * columns, block, 0, count, lanes, halves);
            for (int r = 0; r < here; r++) {
                double norm = Math.sqrt((double) lanes.sumOfSquares(block, r * columns, columns, 0f));
                lanes.scale(block, r * columns, columns, (float) (root / Math.max(norm, 1e-12)), factors);
            }
            lanes.activate(activation, block, 0, count);
            target.write(start * columns, block, 0, count, lanes, halves);
        });
    }

    void activate(Tensor x, Activation activation, Tensor out) {
        pieces(x, out, (worker, block, count) -> worker.lanes().activate(activation, block, 0, count));
    }

    void copy(Tensor x, Tensor out) {
        if (x.format() == out.format()) {
            copyBytes(NativeStorage.address(x), NativeStorage.address(out), x.bytes());
        } else {
            pieces(x, out, (worker, block, count) -> {});
        }
    }

    private void copyBytes(long from, long to, long bytes) {
        workers.run(Math.toIntExact((bytes + COPY - 1) / COPY), (worker, piece) -> {
            long start = piece * COPY;
            try (Address source = new Address();
                    Address target = new Address()) {
                Pointer.memcpy(target.at(to + start), source.at(from + start), Math.min(COPY, bytes - start));
            }
        });
    }

    @FunctionalInterface
    private interface PieceTask {
        void run(Worker worker, float[] block, int count);
    }

    private void pieces(Tensor x, Tensor out, PieceTask task) {
        long total = x.shape().count();
        View source = new View(x);
        View target = new View(out);
        workers.run(Math.toIntExact((total + PIECE - 1) / PIECE), (worker, piece) -> {
            long start = (long) piece * PIECE;
            int here = (int) Math.min(PIECE, total - start);
            float[] block = worker.floats(0, here);
            short[] halves = worker.halves(here);
            source.read(start, block, 0, here, worker.lanes(), halves);
            task.run(worker, block, here);
            target.write(start, block, 0, here, worker.lanes(), halves);
        });
    }

    /** Row by row; out in F32, BF16 or codes with row scales, possibly x itself. */
    private void rows(Tensor x, Tensor out, RowTask task) {
        int columns = Math.toIntExact(x.shape().columns());
        long rows = x.shape().rows();
        View source = new View(x);
        View target = new View(out);
        boolean coded = out.format().isCode();
        View scales = coded ? new View(out.scales().orElseThrow()) : target;
        workers.run(LinearKernel.Tiles.pieces(rows), (worker, piece) -> {
            float[] row = worker.floats(0, columns);
            float[] one = worker.floats(2, 1);
            short[] halves = worker.halves(columns);
            long end = Math.min(rows, LinearKernel.Tiles.pieceStart(piece + 1));
            for (long r = LinearKernel.Tiles.pieceStart(piece); r < end; r++) {
                source.read(r * columns, row, 0, columns, worker.lanes(), halves);
                task.run(worker, row, r);
                if (coded) {
                    one[0] = Codes.quantiseRow(worker, row, columns, target, r);
                    scales.putFloats(r, one, 0, 1);
                } else {
                    target.write(r * columns, row, 0, columns, worker.lanes(), halves);
                }
            }
        });
    }

    /** Parameters as a Java array. */
    static float[] values(Tensor vector) {
        float[] values = new float[Math.toIntExact(vector.shape().count())];
        new View(vector).getFloats(0, values, 0, values.length);
        return values;
    }

    boolean allFinite(Tensor x) {
        java.util.concurrent.atomic.AtomicBoolean finite = new java.util.concurrent.atomic.AtomicBoolean(true);
        long total = x.shape().count();
        View source = new View(x);
        workers.run(Math.toIntExact((total + PIECE - 1) / PIECE), (worker, piece) -> {
            long start = (long) piece * PIECE;
            int here = (int) Math.min(PIECE, total - start);
            float[] block = worker.floats(0, here);
            if (x.format() == Format.F8_E4M3) {
                byte[] codes = worker.codes(here);
                source.getCodes(start, codes, 0, here);
                worker.lanes().codesToFloat(x.format(), codes, block, here);
            } else {
                source.read(start, block, 0, here, worker.lanes(), worker.halves(here));
            }
            // A sum of x * 0 is 0 or NaN, and NaN exactly if some x is not finite.
            worker.lanes().scale(block, 0, here, 0f);
            if (Float.isNaN(worker.lanes().sum(block, 0, here))) {
                finite.set(false);
            }
        });
        return finite.get();
    }
}
