package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.tensor.Format;
import org.jspecify.annotations.Nullable;

/**
 * Softmax attention of a block of queries, tile by tile: each row keeps its largest score so far, and what was
 * accumulated is rescaled when that grows. Scores and state are F32.
 */
final class OnlineSoftmax {
    private final Worker worker;
    private final AttentionKernel.Call call;
    private final AttentionKernel.Block block;
    private final int width;
    private final float[] most;

    OnlineSoftmax(Worker worker, AttentionKernel.Call call, AttentionKernel.Block block) {
        this.worker = worker;
        this.call = call;
        this.block = block;
        this.width = call.extended();
        this.most = new float[block.rows()];
        java.util.Arrays.fill(most, Float.NEGATIVE_INFINITY);
    }

    /** Adds one context's attention to {@code total} [rows, dim]. */
    void add(PackedKeys keys, int context, float[] total) {
        Format format = call.q().format();
        int rows = block.rows();
        View q = AttentionKernel.queries(worker, call, block);
        long scores = worker.nativeScratch(Worker.Piece.PRODUCT, (long) rows * PackedKeys.KEYS * Float.BYTES);
        long weights = worker.nativeScratch(Worker.Piece.LEFT, (long) rows * PackedKeys.KEYS * format.bytes());
        long sums = worker.nativeScratch(Worker.Piece.RESULT, (long) rows * width * Float.BYTES);
        View accumulated = new View(sums, (long) rows * width, Format.F32);
        MatmulSpec.Types types = new MatmulSpec.Types(Md.type(format), Md.type(format), dnnl_f32);
        for (long tile = 0; tile < keys.tiles(context); tile++) {
            int n = keys.keys(context, tile);
            MatmulSpec qk =
                    new MatmulSpec(rows, n, width, types, width, n, MatmulSpec.Right.PACKED, MatmulSpec.Fusion.NONE);
            worker.matmul(qk, q.address(), keys.key(context, block.head(), tile), scores);
            View in = new View(scores, (long) rows * n, Format.F32);
            View out = new View(weights, (long) rows * n, format);
            exponentials(tile * PackedKeys.KEYS, n, in, out, tile == 0 ? null : accumulated);
            MatmulSpec.Fusion fusion = tile == 0 ? MatmulSpec.Fusion.NONE : MatmulSpec.Fusion.SUM;
            MatmulSpec pv = new MatmulSpec(rows, width, n, types, n, width, MatmulSpec.Right.PACKED, fusion);
            worker.matmul(pv, weights, keys.value(context, block.head(), tile), sums);
        }
        float[] row = worker.floats(0, width);
        for (int r = 0; r < rows; r++) {
            accumulated.getFloats((long) r * width, row, 0, width);
            worker.lanes().scale(row, 0, call.dim(), 1f / row[call.dim()]);
            worker.lanes().add(total, r * call.dim(), row, 0, call.dim());
        }
    }

    /** Scores of keys {@code from .. from + n} to exponentials; rescales what was accumulated before, if any. */
    private void exponentials(long from, int n, View scores, View weights, @Nullable View accumulated) {
        Lanes lanes = worker.lanes();
        float[] row = worker.floats(0, Math.max(n, width));
        float[] old = worker.floats(1, width);
        short[] halves = worker.halves(n);
        for (int r = 0; r < block.rows(); r++) {
            scores.getFloats((long) r * n, row, 0, n);
            if (call.bias().length > 0) {
                int offset = call.spec().bias().orElseThrow().offset();
                int at = Math.toIntExact(from - block.from() - r + offset);
                lanes.scaleAndAdd(row, 0, n, call.spec().scale(), call.bias()[block.head()], at);
            } else {
                lanes.scale(row, 0, n, call.spec().scale());
            }
            float highest = Math.max(most[r], lanes.max(row, 0, n));
            if (highest > most[r]) {
                float correction = Scalars.exp(most[r] - highest);
                most[r] = highest;
                if (accumulated != null) {
                    accumulated.getFloats((long) r * width, old, 0, width);
                    lanes.scale(old, 0, width, correction);
                    accumulated.putFloats((long) r * width, old, 0, width);
                }
            }
            lanes.exp(row, 0, n, highest);
            weights.write((long) r * n, row, 0, n, lanes, halves);
        }
    }
}
