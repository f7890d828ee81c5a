package io.wan4j.onednn;

import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Attention tile by tile: some hundred queries against some hundred keys at a time, so that scores never leave the cache.
 * Two ways lead through a block of queries: {@link TileSoftmax}, own machine code for BF16 where the processor has AMX;
 * and {@link OnlineSoftmax}, on oneDNN's products, which takes every case.
 */
final class AttentionKernel implements AutoCloseable {
    private static final long QUERIES = TileAttentionCode.ROWS;
    private static final long STEP = 32;
    /** Bytes of packed keys and values that are held at once. */
    private static final long PACKED = 256L << 20;

    private final Workers workers;
    private final Scratch packed;
    private final OneDnnOptions.Attention format;
    private final Map<Integer, Optional<TileCode>> codes = new HashMap<>();

    /** @param format of q k^T, where there is machine code for it */
    AttentionKernel(Workers workers, OneDnnMemory memory, OneDnnOptions.Attention format) {
        this.workers = workers;
        this.format = format;
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

    /** Heads {@code first .. first + count}, whose keys are packed at the same time. */
    record Heads(int first, int count) {}

    /** Computes a block's attention to all contexts. */
    @FunctionalInterface
    private interface Way {
        void run(Worker worker, Block block);
    }

    /** See {@link io.wan4j.spi.Kernels#attention}. */
    void attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        int columns = Math.toIntExact(q.shape().dim(1));
        int dim = columns / spec.heads();
        Call call = new Call(new View(q), spec, new View(out), dim, columns, bias(spec));
        Optional<TileCode> code = code(q.format(), call);
        long headBytes =
                code.isPresent() ? TileKeys.headBytes(contexts, code.get()) : PackedKeys.headBytes(contexts, dim);
        int group = (int) Math.max(1, Math.min(spec.heads(), PACKED / headBytes));
        for (int head = 0; head < spec.heads(); head += group) {
            Heads heads = new Heads(head, Math.min(group, spec.heads() - head));
            Way way = code.isPresent() ? tiles(call, contexts, heads, code.get()) : online(call, contexts, heads);
            blocks(q.shape().dim(0), heads, way);
        }
    }

    /** Machine code for these operands, where there is some. */
    private Optional<TileCode> code(Format activations, Call call) {
        boolean taken = activations == Format.BF16 && call.bias().length == 0;
        return taken ? codes.computeIfAbsent(call.dim(), dim -> TileCode.of(dim, format)) : Optional.empty();
    }

    private Way tiles(Call call, List<KeyValue> contexts, Heads heads, TileCode code) {
        TileKeys keys = new TileKeys(contexts, new TileKeys.Columns(call.columns(), heads), code, packed);
        keys.pack(workers);
        return (worker, block) -> new TileSoftmax(worker, code, call, block).attend(keys);
    }

    private Way online(Call call, List<KeyValue> contexts, Heads heads) {
        PackedKeys keys = new PackedKeys(contexts, call, heads, packed);
        keys.pack(workers);
        return (worker, block) -> {
            float[] total = worker.floats(4, block.rows() * call.dim());
            java.util.Arrays.fill(total, 0, block.rows() * call.dim(), 0f);
            for (int context = 0; context < contexts.size(); context++) {
                new OnlineSoftmax(worker, call, block).add(keys, context, total);
            }
            short[] halves = worker.halves(call.dim());
            for (int r = 0; r < block.rows(); r++) {
                long at = (block.from() + r) * call.columns() + (long) block.head() * call.dim();
                call.out().write(at, total, r * call.dim(), call.dim(), worker.lanes(), halves);
            }
        };
    }

    private void blocks(long queries, Heads heads, Way way) {
        long wanted = Math.max(1, (queries + QUERIES - 1) / QUERIES);
        long step = Math.max(STEP, ((queries + wanted - 1) / wanted + STEP - 1) / STEP * STEP);
        int blocks = Math.toIntExact((queries + step - 1) / step);
        workers.run(heads.count() * blocks, (worker, task) -> {
            long from = task % blocks * step;
            way.run(worker, new Block(heads.first() + task / blocks, from, (int) Math.min(step, queries - from)));
        });
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
        codes.values().forEach(code -> code.ifPresent(TileCode::close));
        codes.clear();
    }
}
