package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.tensor.Format;

/**
 * Softmax attention of a block of queries with one shift a row for all keys: a softmax does not depend on the shift, as
 * long as nothing overflows. The shift is a row's largest score with some of the keys, spread over all of them; it
 * travels inside the product as an element more of the query, so that scores leave the product as exponentials in BF16.
 * The largest of them is at least 1, so sums cannot vanish; where a score exceeds the shift by so much that the
 * exponential may overflow, the block is refused and computed otherwise.
 */
final class ShiftedSoftmax {
    /** A sum beyond this means that an exponential may have been cut off at the end of the range. */
    private static final float SUSPICIOUS = 1e37f;

    private final Worker worker;
    private final AttentionKernel.Call call;
    private final AttentionKernel.Block block;
    private final int width;

    ShiftedSoftmax(Worker worker, AttentionKernel.Call call, AttentionKernel.Block block) {
        this.worker = worker;
        this.call = call;
        this.block = block;
        this.width = call.extended();
    }

    /** Adds one context's attention to {@code total} [rows, dim]; false, with the total untouched, if it refuses. */
    boolean add(PackedKeys keys, int context, float[] total) {
        int rows = block.rows();
        View q = AttentionKernel.queries(worker, call, block);
        shift(q, keys, context);
        long weights = worker.nativeScratch(Worker.Piece.LEFT, (long) rows * PackedKeys.KEYS * Short.BYTES);
        long sums = worker.nativeScratch(Worker.Piece.RESULT, (long) rows * width * Float.BYTES);
        long tiles = keys.tiles(context);
        // All tiles but the first and the last are alike: their products are looked up once.
        long tile = 0;
        while (tile < tiles) {
            int n = keys.keys(context, tile);
            MatmulSpec qk = scores(n);
            MatmulSpec pv = sums(n, tile > 0);
            Primitive toWeights = worker.primitive(qk, () -> Matmuls.create(qk));
            Primitive toSums = worker.primitive(pv, () -> Matmuls.create(pv));
            long end = tile == 0 || tile == tiles - 1 ? tile + 1 : tiles - 1;
            for (; tile < end; tile++) {
                worker.run(toWeights, q.address(), keys.key(context, block.head(), tile), weights);
                worker.run(toSums, weights, keys.value(context, block.head(), tile), sums);
            }
        }
        return normalise(new View(sums, (long) rows * width, Format.F32), total);
    }

    /** exp(scale * q k) of a tile of n keys, as BF16. */
    private MatmulSpec scores(int n) {
        MatmulSpec.Types types = new MatmulSpec.Types(dnnl_bf16, dnnl_bf16, dnnl_bf16);
        MatmulSpec.Fusion exponential = MatmulSpec.Fusion.exp(call.spec().scale());
        return new MatmulSpec(block.rows(), n, width, types, width, n, MatmulSpec.Right.PACKED, exponential);
    }

    /** p v of a tile of n keys, added to that of earlier tiles if there are some. */
    private MatmulSpec sums(int n, boolean added) {
        MatmulSpec.Types types = new MatmulSpec.Types(dnnl_bf16, dnnl_bf16, dnnl_f32);
        MatmulSpec.Fusion fusion = added ? MatmulSpec.Fusion.SUM : MatmulSpec.Fusion.NONE;
        return new MatmulSpec(block.rows(), width, n, types, n, width, MatmulSpec.Right.PACKED, fusion);
    }

    /** Writes the negative shift, in units of the unscaled scores, behind every query. */
    private void shift(View q, PackedKeys keys, int context) {
        int rows = block.rows();
        int n = keys.sampled(context);
        long count = (long) rows * n;
        long scores = worker.nativeScratch(Worker.Piece.PRODUCT, count * Float.BYTES);
        MatmulSpec qk = new MatmulSpec(
                rows,
                n,
                width,
                new MatmulSpec.Types(dnnl_bf16, dnnl_bf16, dnnl_f32),
                width,
                n,
                MatmulSpec.Right.PACKED,
                MatmulSpec.Fusion.NONE);
        worker.matmul(qk, q.address(), keys.sample(context, block.head()), scores);
        View view = new View(scores, count, Format.F32);
        float[] row = worker.floats(0, n);
        float[] one = new float[1];
        short[] half = worker.halves(1);
        for (int r = 0; r < rows; r++) {
            view.getFloats((long) r * n, row, 0, n);
            one[0] = call.spec().scale() < 0
                    ? minusSmallest(row, n)
                    : -worker.lanes().max(row, 0, n);
            q.write((long) r * width + call.dim(), one, 0, 1, worker.lanes(), half);
        }
    }

    private static float minusSmallest(float[] row, int n) {
        float least = row[0];
        for (int i = 1; i < n; i++) {
            least = Math.min(least, row[i]);
        }
        return -least;
    }

    private boolean normalise(View sums, float[] total) {
        int rows = block.rows();
        float[] all = worker.floats(2, rows * width);
        sums.getFloats(0, all, 0, rows * width);
        for (int r = 0; r < rows; r++) {
            float sum = all[r * width + call.dim()];
            if (!(sum > 0 && sum < SUSPICIOUS)) {
                return false;
            }
        }
        Lanes lanes = worker.lanes();
        for (int r = 0; r < rows; r++) {
            lanes.scale(all, r * width, call.dim(), 1f / all[r * width + call.dim()]);
            lanes.add(total, r * call.dim(), all, r * width, call.dim());
        }
        return true;
    }
}
