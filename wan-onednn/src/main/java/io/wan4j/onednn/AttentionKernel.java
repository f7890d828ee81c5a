package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;

/**
 * Attention tile by tile: some hundred queries against {@link PackedKeys#KEYS} keys at a time, so that scores never
 * leave the cache. The softmax is computed online: each row keeps its largest score so far and the sum of exponentials
 * relative to it, and what was accumulated is rescaled when the largest score grows.
 */
final class AttentionKernel implements AutoCloseable {
    private static final int QUERIES = 256;
    /** Bytes of packed keys and values that are held at once. */
    private static final long PACKED = 256L << 20;

    private final Workers workers;
    private final Scratch packed;

    AttentionKernel(Workers workers, OneDnnMemory memory) {
        this.workers = workers;
        this.packed = new Scratch(memory);
    }

    /** One call's operands, shared by its tasks. */
    private record Call(Tensor q, AttentionSpec spec, View out, int dim, int columns, float[][] bias) {}

    /** See {@link io.wan4j.spi.Kernels#attention}. */
    void attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        int columns = Math.toIntExact(q.shape().dim(1));
        int dim = columns / spec.heads();
        long queries = q.shape().dim(0);
        Call call = new Call(q, spec, new View(out), dim, columns, bias(spec));
        int group = (int) Math.max(1, Math.min(spec.heads(), PACKED / PackedKeys.headBytes(contexts, dim)));
        int blocks = Math.toIntExact((queries + QUERIES - 1) / QUERIES);
        for (int head = 0; head < spec.heads(); head += group) {
            int first = head;
            int heads = Math.min(group, spec.heads() - head);
            PackedKeys keys = new PackedKeys(contexts, dim, columns, first, heads, packed);
            keys.pack(workers);
            workers.run(heads * blocks, (worker, task) -> {
                long from = (long) (task % blocks) * QUERIES;
                Block block = new Block(first + task / blocks, from, (int) Math.min(QUERIES, queries - from));
                block(worker, call, keys, contexts.size(), block);
            });
        }
    }

    /** Bias of each head by distance, if there is one. */
    private static float[][] bias(AttentionSpec spec) {
        if (spec.bias().isEmpty()) {
            return new float[0][];
        }
        float[] table = RowKernels.values(spec.bias().get().table());
        int distances = table.length / spec.heads();
        float[][] columns = new float[spec.heads()][distances];
        for (int d = 0; d < distances; d++) {
            for (int h = 0; h < spec.heads(); h++) {
                columns[h][d] = table[d * spec.heads() + h];
            }
        }
        return columns;
    }

    /** Queries {@code from .. from + rows} of a head. */
    private record Block(int head, long from, int rows) {}

    private static void block(Worker worker, Call call, PackedKeys keys, int contexts, Block block) {
        int count = block.rows() * call.dim();
        float[] total = new float[count];
        for (int context = 0; context < contexts; context++) {
            softmax(worker, call, keys, context, block, total);
        }
        short[] halves = worker.halves(call.dim());
        for (int r = 0; r < block.rows(); r++) {
            long at = (block.from() + r) * call.columns() + (long) block.head() * call.dim();
            call.out().write(at, total, r * call.dim(), call.dim(), worker.lanes(), halves);
        }
    }

    /** Adds one context's attention to {@code total} [rows, dim]. */
    private static void softmax(Worker worker, Call call, PackedKeys keys, int context, Block block, float[] total) {
        Format format = call.q().format();
        int type = Md.type(format);
        int rows = block.rows();
        int dim = call.dim();
        long q = NativeStorage.address(call.q())
                + (block.from() * call.columns() + (long) block.head() * dim) * format.bytes();
        long scores = worker.nativeScratch(Worker.Piece.PRODUCT, (long) rows * PackedKeys.KEYS * Float.BYTES);
        long weights = worker.nativeScratch(Worker.Piece.LEFT, (long) rows * PackedKeys.KEYS * format.bytes());
        long sums = worker.nativeScratch(Worker.Piece.RESULT, (long) rows * dim * Float.BYTES);
        View accumulated = new View(sums, (long) rows * dim, Format.F32);
        Softmax state = new Softmax(worker, call, block);
        MatmulSpec.Types types = new MatmulSpec.Types(type, type, dnnl_f32);
        for (long tile = 0; tile < keys.tiles(context); tile++) {
            int n = keys.keys(context, tile);
            MatmulSpec qk = new MatmulSpec(
                    rows, n, dim, types, call.columns(), n, MatmulSpec.Right.PACKED, MatmulSpec.Fusion.NONE);
            worker.matmul(qk, q, keys.key(context, block.head(), tile), scores);
            state.tile(
                    tile * PackedKeys.KEYS,
                    n,
                    new View(scores, (long) rows * n, Format.F32),
                    new View(weights, (long) rows * n, format),
                    tile == 0 ? null : accumulated);
            MatmulSpec.Fusion fusion =
                    tile == 0 ? MatmulSpec.Fusion.NONE : new MatmulSpec.Fusion(false, false, 0, false, true);
            MatmulSpec pv = new MatmulSpec(rows, dim, n, types, n, dim, MatmulSpec.Right.PACKED, fusion);
            worker.matmul(pv, weights, keys.value(context, block.head(), tile), sums);
        }
        float[] row = worker.floats(0, dim);
        for (int r = 0; r < rows; r++) {
            accumulated.getFloats((long) r * dim, row, 0, dim);
            worker.lanes().scale(row, 0, dim, 1f / state.sum(r));
            worker.lanes().add(total, r * dim, row, 0, dim);
        }
    }

    /** Largest score and sum of exponentials of every row of a block. */
    private static final class Softmax {
        private final Worker worker;
        private final Call call;
        private final Block block;
        private final float[] most;
        private final float[] sum;

        Softmax(Worker worker, Call call, Block block) {
            this.worker = worker;
            this.call = call;
            this.block = block;
            this.most = new float[block.rows()];
            this.sum = new float[block.rows()];
            java.util.Arrays.fill(most, Float.NEGATIVE_INFINITY);
        }

        float sum(int row) {
            return sum[row];
        }

        /** Scores of keys {@code from .. from + n} to exponentials; rescales what was accumulated before, if any. */
        void tile(long from, int n, View scores, View weights, @org.jspecify.annotations.Nullable View accumulated) {
            Lanes lanes = worker.lanes();
            float[] row = worker.floats(0, Math.max(n, call.dim()));
            float[] old = worker.floats(1, call.dim());
            short[] halves = worker.halves(n);
            for (int r = 0; r < block.rows(); r++) {
                scores.getFloats((long) r * n, row, 0, n);
                if (call.bias().length > 0) {
                    int at = Math.toIntExact(from
                            - block.from()
                            - r
                            + call.spec().bias().orElseThrow().offset());
                    lanes.scaleAndAdd(row, 0, n, call.spec().scale(), call.bias()[block.head()], at);
                } else {
                    lanes.scale(row, 0, n, call.spec().scale());
                }
                float highest = Math.max(most[r], lanes.max(row, 0, n));
                if (highest > most[r]) {
                    float correction = Scalars.exp(most[r] - highest);
                    most[r] = highest;
                    sum[r] *= correction;
                    if (accumulated != null) {
                        accumulated.getFloats((long) r * call.dim(), old, 0, call.dim());
                        lanes.scale(old, 0, call.dim(), correction);
                        accumulated.putFloats((long) r * call.dim(), old, 0, call.dim());
                    }
                }
                sum[r] += lanes.expAndSum(row, 0, n, highest);
                weights.write((long) r * n, row, 0, n, lanes, halves);
            }
        }
    }

    void trim() {
        packed.close();
    }

    @Override
    public void close() {
        trim();
    }
}
