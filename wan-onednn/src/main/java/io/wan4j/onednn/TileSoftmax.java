package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * Softmax attention of a block of queries by {@link TileAttentionCode}. A softmax does not depend on what is taken from
 * all scores of a row, as long as nothing overflows: each row's shift is its largest score with some of the keys, spread
 * over all of them, so that the sum of exponentials is at least about 1. Where a score exceeds the shift so far that the
 * sum is no longer sound, the block is computed again with the largest scores of all keys.
 */
final class TileSoftmax {
    private static final double LOG2_E = 1.4426950408889634;
    /** No exponential may be larger; a sum beyond it may hide one that is infinite. */
    private static final float SUSPICIOUS = 1e37f;
    /** Powers of two below this one count as zero. */
    private static final float FLOOR = -126f;

    private static final int STEP = TileAttentionCode.STEP;
    /** Keys whose scores are looked at together when all are. */
    private static final int KEYS_AT_ONCE = 256;

    private final Worker worker;
    private final MachineCode code;
    private final AttentionKernel.Call call;
    private final AttentionKernel.Block block;
    private final int dim;
    private final int rows;
    private final View q;
    private final View minusShift;
    private final View out;
    private final View sums;
    private final ByteBuffer arguments;
    private final long argumentsAt;

    TileSoftmax(Worker worker, MachineCode code, AttentionKernel.Call call, AttentionKernel.Block block) {
        this.worker = worker;
        this.code = code;
        this.call = call;
        this.block = block;
        this.dim = call.dim();
        this.rows = (block.rows() + STEP - 1) / STEP * STEP;
        long qBytes = (long) rows * dim * Short.BYTES;
        long head = 2L * TileAttentionCode.ARGUMENTS + (long) rows * Float.BYTES;
        long at = worker.nativeScratch(Worker.Piece.SECOND, qBytes + head + TileAttentionCode.SCRATCH);
        long result = worker.nativeScratch(Worker.Piece.RESULT, (long) rows * (dim + 16) * Float.BYTES);
        this.q = new View(at, (long) rows * dim, Format.BF16);
        this.argumentsAt = at + qBytes + TileAttentionCode.SCRATCH;
        this.arguments = View.map(argumentsAt, TileAttentionCode.ARGUMENTS);
        this.minusShift = new View(argumentsAt + 2L * TileAttentionCode.ARGUMENTS, rows, Format.F32);
        this.out = new View(result, (long) rows * dim, Format.F32);
        this.sums = new View(result + out.count() * Float.BYTES, rows * 16L, Format.F32);
        prepare(at + qBytes);
    }

    private void prepare(long scratch) {
        long from = block.from() * call.columns() + (long) block.head() * dim;
        call.q().copyRows(new View.Rows(from, call.columns(), dim), block.rows(), q, new float[0], worker);
        zero(q.address() + (long) block.rows() * dim * Short.BYTES, (long) (rows - block.rows()) * dim * Short.BYTES);
        arguments.putLong(TileAttentionCode.SUMS, sums.address());
        arguments.putLong(TileAttentionCode.Q, q.address());
        arguments.putLong(TileAttentionCode.O, out.address());
        arguments.putLong(TileAttentionCode.MINUS_SHIFT, minusShift.address());
        arguments.putLong(TileAttentionCode.SCRATCH_AT, scratch);
        arguments.putLong(TileAttentionCode.BLOCKS, rows / STEP);
        arguments.putFloat(TileAttentionCode.SCALE, (float) (call.spec().scale() * LOG2_E));
        arguments.putFloat(TileAttentionCode.FLOOR, FLOOR);
        arguments.putInt(TileAttentionCode.HIGH_HALF, 0xFFFF0000);
        for (int i = 0; i < TileAttentionCode.POWER_OF_TWO.length; i++) {
            arguments.putFloat(TileAttentionCode.COEFFICIENTS + i * Float.BYTES, TileAttentionCode.POWER_OF_TWO[i]);
        }
        // Palette 1: eight tiles of 16 rows of 64 bytes.
        zero(argumentsAt + TileAttentionCode.CONFIGURATION, 64);
        arguments.put(TileAttentionCode.CONFIGURATION, (byte) 1);
        for (int tile = 0; tile < 8; tile++) {
            arguments.putShort(TileAttentionCode.CONFIGURATION + 16 + 2 * tile, (short) 64);
            arguments.put(TileAttentionCode.CONFIGURATION + 48 + tile, (byte) 16);
        }
    }

    private static void zero(long target, long bytes) {
        if (bytes > 0) {
            try (Address at = new Address()) {
                Pointer.memset(at.at(target), 0, bytes);
            }
        }
    }

    /** Adds one context's attention to {@code total} [rows, dim]. */
    void add(TileKeys keys, int context, float[] total) {
        float[] most = new float[rows];
        sampleMaxima(keys, context, most);
        shift(most);
        run(keys, context);
        if (!isSound()) {
            maxima(keys, context, most);
            shift(most);
            run(keys, context);
        }
        float[] all = worker.floats(2, rows * dim);
        float[] partial = worker.floats(3, rows * 16);
        out.getFloats(0, all, 0, rows * dim);
        sums.getFloats(0, partial, 0, rows * 16);
        for (int r = 0; r < block.rows(); r++) {
            worker.lanes().scale(all, r * dim, dim, 1f / worker.lanes().sum(partial, r * 16, 16));
            worker.lanes().add(total, r * dim, all, r * dim, dim);
        }
    }

    private void run(TileKeys keys, int context) {
        zero(out.address(), (out.count() + sums.count()) * Float.BYTES);
        for (long chunk = 0; chunk < keys.chunks(context); chunk++) {
            int count = keys.keys(context, chunk);
            int steps = (count + STEP - 1) / STEP;
            arguments.putLong(TileAttentionCode.K, keys.key(context, block.head(), chunk));
            arguments.putLong(TileAttentionCode.V, keys.value(context, block.head(), chunk));
            arguments.putLong(TileAttentionCode.STEPS, steps);
            arguments.putLong(TileAttentionCode.V_STRIDE, (long) steps * TileAttentionCode.TILE);
            for (int i = 0; i < STEP; i++) {
                boolean exists = (steps - 1) * STEP + i < count;
                arguments.putFloat(TileAttentionCode.MASK + i * Float.BYTES, exists ? 1f : 0f);
            }
            code.call(argumentsAt);
        }
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

    /** The argument of the code: what is added to a row's scaled scores, to base two. */
    private void shift(float[] most) {
        float[] minus = worker.floats(3, rows);
        for (int r = 0; r < rows; r++) {
            minus[r] = (float) (-most[r] * LOG2_E);
        }
        minusShift.putFloats(0, minus, 0, rows);
    }

    /** Largest scaled score of every row with the sample of keys. */
    private void sampleMaxima(TileKeys keys, int context, float[] most) {
        java.util.Arrays.fill(most, Float.NEGATIVE_INFINITY);
        maxima(keys.sample(context, block.head()), keys.sampled(context), dim, most);
    }

    /** Largest scaled score of every row with any key. */
    private void maxima(TileKeys keys, int context, float[] most) {
        java.util.Arrays.fill(most, Float.NEGATIVE_INFINITY);
        long all = keys.context(context).key().shape().dim(0);
        long head = NativeStorage.address(keys.context(context).key()) + (long) block.head() * dim * Short.BYTES;
        for (long from = 0; from < all; from += KEYS_AT_ONCE) {
            int count = (int) Math.min(KEYS_AT_ONCE, all - from);
            maxima(head + from * call.columns() * Short.BYTES, count, call.columns(), most);
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
