package io.wan4j.onednn;

import io.wan4j.error.DeviceException;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Attention tile by tile: some hundred queries against some hundred keys at a time, so that scores never leave the cache.
 * Two ways lead through a block of queries: {@link TileSoftmax}, own machine code for BF16 where the processor has AMX;
 * and {@link OnlineSoftmax}, on oneDNN's products, which takes every case.
 */
final class AttentionKernel implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AttentionKernel.class);
    private static final long QUERIES = 512;
    private static final long STEP = 32;
    /** Bytes of packed keys and values that are held at once. */
    private static final long PACKED = 256L << 20;

    private final Workers workers;
    private final Scratch packed;
    private final Map<Integer, Optional<MachineCode>> codes = new HashMap<>();

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

    /** Heads {@code first .. first + count}, whose keys are packed at the same time. */
    record Heads(int first, int count) {}

    /** Adds the attention of a block to all contexts to {@code total} [rows, dim]. */
    @FunctionalInterface
    private interface Way {
        void add(Worker worker, Block block, float[] total);
    }

    /** See {@link io.wan4j.spi.Kernels#attention}. */
    void attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec, Tensor out) {
        int columns = Math.toIntExact(q.shape().dim(1));
        int dim = columns / spec.heads();
        Call call = new Call(new View(q), spec, new View(out), dim, columns, bias(spec));
        Optional<MachineCode> code = code(q.format(), call);
        long headBytes = code.isPresent() ? TileKeys.headBytes(contexts, dim) : PackedKeys.headBytes(contexts, dim);
        int group = (int) Math.max(1, Math.min(spec.heads(), PACKED / headBytes));
        for (int head = 0; head < spec.heads(); head += group) {
            Heads heads = new Heads(head, Math.min(group, spec.heads() - head));
            Way way = code.isPresent() ? tiles(call, contexts, heads, code.get()) : online(call, contexts, heads);
            blocks(call, q.shape().dim(0), heads, way);
        }
    }

    /** Machine code for these operands, where there is some. */
    private Optional<MachineCode> code(Format format, Call call) {
        boolean taken = format == Format.BF16 && call.bias().length == 0 && call.dim() % TileAttentionCode.STEP == 0;
        return taken ? codes.computeIfAbsent(call.dim(), AttentionKernel::generate) : Optional.empty();
    }

    private static Optional<MachineCode> generate(int dim) {
        if (!Dnnl.hasAmx()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new MachineCode(TileAttentionCode.generate(dim)));
        } catch (DeviceException | LinkageError e) {
            LOG.warn("onednn: attention goes the slower way: {}", e.toString());
            return Optional.empty();
        }
    }

    private Way tiles(Call call, List<KeyValue> contexts, Heads heads, MachineCode code) {
        TileKeys keys = new TileKeys(contexts, call, heads, packed);
        keys.pack(workers);
        return (worker, block, total) -> {
            TileSoftmax softmax = new TileSoftmax(worker, code, call, block);
            for (int context = 0; context < contexts.size(); context++) {
                softmax.add(keys, context, total);
            }
        };
    }

    private Way online(Call call, List<KeyValue> contexts, Heads heads) {
        PackedKeys keys = new PackedKeys(contexts, call, heads, packed);
        keys.pack(workers);
        return (worker, block, total) -> {
            for (int context = 0; context < contexts.size(); context++) {
                new OnlineSoftmax(worker, call, block).add(keys, context, total);
            }
        };
    }

    private void blocks(Call call, long queries, Heads heads, Way way) {
        long wanted = Math.max(1, (queries + QUERIES - 1) / QUERIES);
        long step = Math.max(STEP, ((queries + wanted - 1) / wanted + STEP - 1) / STEP * STEP);
        int blocks = Math.toIntExact((queries + step - 1) / step);
        workers.run(heads.count() * blocks, (worker, task) -> {
            long from = task % blocks * step;
            Block block = new Block(heads.first() + task / blocks, from, (int) Math.min(step, queries - from));
            float[] total = worker.floats(4, block.rows() * call.dim());
            java.util.Arrays.fill(total, 0, block.rows() * call.dim(), 0f);
            way.add(worker, block, total);
            short[] halves = worker.halves(call.dim());
            for (int r = 0; r < block.rows(); r++) {
                long at = (block.from() + r) * call.columns() + (long) block.head() * call.dim();
                call.out().write(at, total, r * call.dim(), call.dim(), worker.lanes(), halves);
            }
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
        codes.values().forEach(code -> code.ifPresent(MachineCode::close));
        codes.clear();
    }
}
