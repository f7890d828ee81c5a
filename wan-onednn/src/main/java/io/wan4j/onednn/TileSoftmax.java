package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * Softmax attention of a block of queries by {@link TileAttentionCode}. A softmax does not depend on what is taken from
 * all scores of a row, as long as nothing overflows: where the norms of queries and keys keep scores small, nothing is
 * taken. Elsewhere each row's shift is its largest score with some of the keys, spread over all of them, so that the sum
 * of exponentials is at least about 1. Where a score exceeds the shift so far that the sum is no longer sound, the block
 * is computed again with the largest scores of all keys.
 */
final class TileSoftmax {
    /** No exponential may be larger; a sum beyond it may hide one that is infinite. */
    private static final float SUSPICIOUS = 1e37f;
    /** Scores up to this size need no shift: e^60 is 2^87, and sums of such numbers and their products are floats. */
    private static final double SMALL = 60;

    private static final int STEP = TileAttentionCode.STEP;
    private static final int KEYS = TileAttentionCode.KEYS;
    /** Keys whose scores are looked at together when all are. */
    private static final int KEYS_AT_ONCE = 256;

    private final Worker worker;
    private final TileCode code;
    private final TileExponentials exponentials;
    private final AttentionKernel.Call call;
    private final AttentionKernel.Block block;
    private final int dim;
    private final int rows;
    private final View q;
    private final View minusShift;
    private final View rowScales;
    private final View out;
    private final View sums;
    private final View total;
    private final ByteBuffer forRows;
    private final long forRowsAt;
    private final ByteBuffer arguments;
    private final long argumentsAt;
    private final double norm;
    private boolean copied;

    TileSoftmax(Worker worker, TileCode code, AttentionKernel.Call call, AttentionKernel.Block block) {
        this.worker = worker;
        this.code = code;
        this.exponentials = code.exponentials();
        this.call = call;
        this.block = block;
        this.dim = call.dim();
        this.rows = (block.rows() + STEP - 1) / STEP * STEP;
        long qBytes = (long) rows * dim * Short.BYTES;
        long floats = 2L * TileAttentionCode.ROWS * Float.BYTES;
        long forRows = TileRowsCode.ARGUMENTS + (long) rows * (dim + 2L * Float.BYTES) + (long) dim * Float.BYTES;
        long at = worker.nativeScratch(
                Worker.Piece.SECOND,
                TileAttentionCode.SCRATCH + TileAttentionCode.ARGUMENTS + floats + qBytes + forRows);
        long result = worker.nativeScratch(Worker.Piece.RESULT, (long) rows * (2 * dim + 16) * Float.BYTES);
        this.argumentsAt = at + TileAttentionCode.SCRATCH;
        this.arguments = View.map(argumentsAt, TileAttentionCode.ARGUMENTS);
        this.minusShift = new View(argumentsAt + TileAttentionCode.ARGUMENTS, rows, Format.F32);
        this.rowScales = new View(minusShift.address() + floats / 2, rows, Format.F32);
        this.q = new View(minusShift.address() + floats, (long) rows * dim, Format.BF16);
        this.out = new View(result, (long) rows * dim, Format.F32);
        this.sums = new View(result + out.count() * Float.BYTES, rows * 16L, Format.F32);
        this.total = new View(sums.address() + sums.count() * Float.BYTES, out.count(), Format.F32);
        this.forRowsAt = q.address() + qBytes;
        this.forRows = View.map(forRowsAt, TileRowsCode.ARGUMENTS);
        this.norm = prepareRows();
        arguments.putLong(TileAttentionCode.Q, code.isCoded() ? codes() : q.address());
        arguments.putLong(TileAttentionCode.O, out.address());
        arguments.putLong(TileAttentionCode.SUMS, sums.address());
        arguments.putLong(TileAttentionCode.MINUS_SHIFT, minusShift.address());
        arguments.putLong(TileAttentionCode.SCRATCH_AT, at);
        arguments.putLong(TileAttentionCode.BLOCKS, rows / STEP);
        exponentials.write(arguments, call.spec().scale());
        configureTiles();
    }

    /** Palette 1: eight tiles of 16 rows of 64 bytes. */
    private void configureTiles() {
        zero(argumentsAt + TileAttentionCode.CONFIGURATION, 64);
        arguments.put(TileAttentionCode.CONFIGURATION, (byte) 1);
        for (int tile = 0; tile < 8; tile++) {
            arguments.putShort(TileAttentionCode.CONFIGURATION + 16 + 2 * tile, (short) 64);
            arguments.put(TileAttentionCode.CONFIGURATION + 48 + tile, (byte) 16);
        }
    }

    private long codes() {
        return forRowsAt + TileRowsCode.ARGUMENTS;
    }

    /** Copies the queries, or quantises them; the result is their largest norm. */
    private double prepareRows() {
        View steps = new View(codes() + (long) rows * dim, rows, Format.F32);
        View squares = new View(steps.address() + (long) rows * Float.BYTES, rows, Format.F32);
        long mean = squares.address() + (long) rows * Float.BYTES;
        zero(steps.address(), 2L * rows * Float.BYTES + (long) dim * Float.BYTES);
        TileRowsCode.write(forRows, dim);
        forRows.putLong(TileRowsCode.SOURCE, call.q().address() + first() * Short.BYTES);
        forRows.putLong(TileRowsCode.STRIDE, (long) call.columns() * Short.BYTES);
        forRows.putLong(TileRowsCode.COUNT, block.rows());
        forRows.putLong(TileRowsCode.MEAN, mean);
        forRows.putLong(TileRowsCode.CODES, codes());
        forRows.putLong(TileRowsCode.STEPS, steps.address());
        forRows.putLong(TileRowsCode.SQUARES, squares.address());
        code.rows().call(forRowsAt);
        float[] values = worker.floats(3, rows);
        if (code.isCoded()) {
            steps.getFloats(0, values, 0, rows);
            for (int r = 0; r < rows; r++) {
                values[r] = TileExponentials.rowScale(values[r], call.spec().scale());
            }
            rowScales.putFloats(0, values, 0, rows);
        } else {
            copyQueries();
        }
        squares.getFloats(0, values, 0, rows);
        return Math.sqrt((double) worker.lanes().max(values, 0, rows));
    }

    private void copyQueries() {
        if (!copied) {
            copied = true;
            call.q().copyRows(new View.Rows(first(), call.columns(), dim), block.rows(), q, new float[0], worker);
            long missing = (long) (rows - block.rows()) * dim * Short.BYTES;
            zero(q.address() + (long) block.rows() * dim * Short.BYTES, missing);
        }
    }

    private static void zero(long target, long bytes) {
        if (bytes > 0) {
            try (Address at = new Address()) {
                Pointer.memset(at.at(target), 0, bytes);
            }
        }
    }

    /** Computes the attention to all contexts, and writes it. */
    void attend(TileKeys keys) {
        int contexts = keys.contexts();
        boolean narrow = call.out().format() == Format.BF16;
        for (int context = 0; context < contexts; context++) {
            attend(keys, context);
            boolean isLast = narrow && context == contexts - 1;
            forRows.putLong(TileRowsCode.SOURCE, out.address());
            forRows.putLong(TileRowsCode.STRIDE, (long) call.columns() * Short.BYTES);
            forRows.putLong(TileRowsCode.COUNT, block.rows());
            forRows.putLong(TileRowsCode.STEPS, sums.address());
            forRows.putLong(TileRowsCode.TOTAL, total.address());
            forRows.putLong(TileRowsCode.OUT, call.out().address() + first() * Short.BYTES);
            code.finish(context == 0, isLast).call(forRowsAt);
        }
        if (!narrow) {
            float[] row = worker.floats(0, dim);
            short[] halves = worker.halves(dim);
            for (int r = 0; r < block.rows(); r++) {
                total.getFloats((long) r * dim, row, 0, dim);
                call.out().write(first() + (long) r * call.columns(), row, 0, dim, worker.lanes(), halves);
            }
        }
    }

    /** The block's first element in q and out. */
    private long first() {
        return block.from() * call.columns() + (long) block.head() * dim;
    }

    /** One context's sums of weighted values, and of weights. */
    private void attend(TileKeys keys, int context) {
        float[] most = new float[rows];
        double bound =
                norm * keys.norm(context, block.head()) * Math.abs(call.spec().scale());
        if (!(bound <= SMALL)) {
            copyQueries();
            java.util.Arrays.fill(most, Float.NEGATIVE_INFINITY);
            maxima(keys.sample(context, block.head()), keys.sampled(context), dim, most);
            lessMean(keys, context, most);
        }
        if (code.isCoded() && Double.isNaN(bound)) {
            // Codes do not carry NaN, shifts do.
            java.util.Arrays.fill(most, Float.NaN);
        }
        run(keys, context, most);
        if (!isSound()) {
            maxima(keys, context, most);
            run(keys, context, most);
        }
    }

    /** Computes with these shifts. */
    private void run(TileKeys keys, int context, float[] shifts) {
        float[] minus = worker.floats(3, rows);
        for (int r = 0; r < rows; r++) {
            minus[r] = exponentials.minusShift(shifts[r]);
        }
        minusShift.putFloats(0, minus, 0, rows);
        arguments.putLong(TileAttentionCode.FRESH, 1);
        long full = keys.keys(context) / KEYS;
        int rest = (int) (keys.keys(context) % KEYS);
        arguments.putLong(TileAttentionCode.CHUNK_STRIDE, keys.chunkBytes());
        run(keys, context, new Chunks(0, full, KEYS));
        run(keys, context, new Chunks(full, rest == 0 ? 0 : 1, rest));
    }

    /** Chunks {@code first .. first + count} of the same number of keys. */
    private record Chunks(long first, long count, int keys) {}

    private void run(TileKeys keys, int context, Chunks chunks) {
        if (chunks.count() == 0) {
            return;
        }
        int steps = (chunks.keys() + STEP - 1) / STEP;
        arguments.putLong(TileAttentionCode.K, keys.key(context, block.head(), chunks.first()));
        arguments.putLong(TileAttentionCode.V, keys.value(context, block.head(), chunks.first()));
        arguments.putLong(TileAttentionCode.CHUNKS, chunks.count());
        arguments.putLong(TileAttentionCode.STEPS, steps);
        arguments.putLong(TileAttentionCode.V_STRIDE, (long) steps * TileAttentionCode.TILE);
        exponentials.writeMask(arguments, chunks.keys() - (steps - 1) * STEP);
        code.attention().call(argumentsAt);
    }

    private boolean isSound() {
        float[] partial = worker.floats(3, rows * 16);
        sums.getFloats(0, partial, 0, rows * 16);
        for (int r = 0; r < block.rows(); r++) {
            float sum = worker.lanes().sum(partial, r * 16, 16);
            if (!(sum > 0 && sum < SUSPICIOUS)) {
                return false;
            }
        }
        return true;
    }

    /** Largest scaled score of every row with any key, as far as shifts see it: in INT8 without the keys' mean. */
    private void maxima(TileKeys keys, int context, float[] most) {
        copyQueries();
        java.util.Arrays.fill(most, Float.NEGATIVE_INFINITY);
        long all = keys.keys(context);
        long head = NativeStorage.address(keys.context(context).key()) + (long) block.head() * dim * Short.BYTES;
        for (long from = 0; from < all; from += KEYS_AT_ONCE) {
            int count = (int) Math.min(KEYS_AT_ONCE, all - from);
            maxima(head + from * call.columns() * Short.BYTES, count, call.columns(), most);
        }
        lessMean(keys, context, most);
    }

    /** Takes every row's product with what was taken from the keys. */
    private void lessMean(TileKeys keys, int context, float[] most) {
        float[] mean = worker.floats(0, dim);
        new View(keys.mean(context, block.head()), dim, Format.F32).getFloats(0, mean, 0, dim);
        float[] row = worker.floats(1, dim);
        short[] halves = worker.halves(dim);
        for (int r = 0; r < rows; r++) {
            q.read((long) r * dim, row, 0, dim, worker.lanes(), halves);
            worker.lanes().multiply(row, 0, mean, 0, dim);
            most[r] -= worker.lanes().sum(row, 0, dim) * call.spec().scale();
        }
    }

    private void maxima(long keys, int count, long stride, float[] most) {
        long size = (long) rows * count;
        View scores = new View(worker.nativeScratch(Worker.Piece.PRODUCT, size * Float.BYTES), size, Format.F32);
        MatmulSpec spec = new MatmulSpec(
                rows,
                count,
                dim,
                new MatmulSpec.Types(dnnl_bf16, dnnl_bf16, dnnl_f32),
                dim,
                count,
                new MatmulSpec.Right(MatmulSpec.Right.Kind.TRANSPOSED, stride),
                MatmulSpec.Fusion.NONE);
        worker.matmul(spec, q.address(), keys, scores.address());
        float[] row = worker.floats(0, count);
        for (int r = 0; r < rows; r++) {
            scores.getFloats((long) r * count, row, 0, count);
            worker.lanes().scale(row, 0, count, call.spec().scale());
            most[r] = Math.max(most[r], worker.lanes().max(row, 0, count));
        }
    }
}
