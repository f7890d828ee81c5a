package io.wan4j.onednn;

import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.List;

/**
 * Attention tile by tile: some hundred queries against {@link PackedKeys#KEYS} keys at a time, so that scores never
 * leave the cache. Two ways lead through a block of queries: {@link ShiftedSoftmax}, which fuses the exponential into the
 * product, for BF16; and {@link OnlineSoftmax}, which takes every case.
 */
final class AttentionKernel implements AutoCloseable {
    private static final long QUERIES = 512;
    private static final long STEP = 32;
    /** Bytes of packed keys and values that are held at once. */
    private static final long PACKED = 256L << 20;

    private final Workers workers;
    private final Scratch packed;

    AttentionKernel(Workers workers, OneDnnMemory memory) {
        this.workers = workers;
        this.packed = new Scratch(memory);
    }

    /**
     * One call's operands, shared by its tasks.
     *
     * @param dim columns of a head
     * @param columns columns of all heads
     * @param bias of each head by distance; empty if there is none
     */
    record Call(View q, AttentionSpec spec, View out, int dim, int columns, float[][] bias) {
        int extended() {
            return PackedKeys.extended(dim);
        }
    }

    /** Queries {@code from .. from + rows} of a head. */
    record Block(int head, long from, int rows) {}

    /** See {@link io.wan4j.spi.Kernels#attention}. */
    void attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        int columns = Math.toIntExact(q.shape().dim(1));
        int dim = columns / spec.heads();
        long queries = q.shape().dim(0);
        Call call = new Call(new View(q), spec, new View(out), dim, columns, bias(spec));
        int group = (int) Math.max(1, Math.min(spec.heads(), PACKED / PackedKeys.headBytes(contexts, dim)));
        long wanted = (queries + QUERIES - 1) / QUERIES;
        long step = wanted == 0 ? 1 : ((queries + wanted - 1) / wanted + STEP - 1) / STEP * STEP;
        int blocks = Math.toIntExact((queries + step - 1) / step);
        for (int head = 0; head < spec.heads(); head += group) {
            int first = head;
            int heads = Math.min(group, spec.heads() - head);
            PackedKeys keys = new PackedKeys(contexts, dim, columns, first, heads, packed);
            keys.pack(workers);
            workers.run(heads * blocks, (worker, task) -> {
                long from = task % blocks * step;
                Block block = new Block(first + task / blocks, from, (int) Math.min(step, queries - from));
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

    private static void block(Worker worker, Call call, PackedKeys keys, int contexts, Block block) {
        float[] total = new float[block.rows() * call.dim()];
        boolean fast = call.q().format() == Format.BF16 && call.bias().length == 0;
        for (int context = 0; context < contexts; context++) {
            if (!fast || !new ShiftedSoftmax(worker, call, block).add(keys, context, total)) {
                new OnlineSoftmax(worker, call, block).add(keys, context, total);
            }
        }
        short[] halves = worker.halves(call.dim());
        for (int r = 0; r < block.rows(); r++) {
            long at = (block.from() + r) * call.columns() + (long) block.head() * call.dim();
            call.out().write(at, total, r * call.dim(), call.dim(), worker.lanes(), halves);
        }
    }

    /**
     * Copies a block's queries to scratch, with zeros in the extra columns.
     *
     * @return where they are: rows of {@link Call#extended} elements
     */
    static View queries(Worker worker, Call call, Block block) {
        int width = call.extended();
        long count = (long) block.rows() * width;
        Format format = call.q().format();
        View out = new View(worker.nativeScratch(Worker.Piece.SECOND, count * format.bytes()), count, format);
        long from = block.from() * call.columns() + (long) block.head() * call.dim();
        View.Rows rows = new View.Rows(from, call.columns(), call.dim());
        call.q().copyRows(rows, block.rows(), out, new float[width - call.dim()], worker);
        return out;
    }

    void trim() {
        packed.close();
    }

    @Override
    public void close() {
        trim();
    }
}
