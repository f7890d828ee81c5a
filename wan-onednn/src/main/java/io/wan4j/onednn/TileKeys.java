package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.Pointer;

/**
 * Keys and values of some heads in tiles of 1 KiB, as {@link TileAttentionCode} reads them: chunk by chunk of keys, each
 * with its keys transposed (16 keys by 32 columns of BF16 or 64 of codes in a tile), in INT8 their steps, and its values
 * (16 columns by 32 keys). Missing keys of the last step are zero or anything.
 *
 * <p>In INT8 a mean over keys is taken from all of them: softmax does not see it, and what is left has smaller steps.
 */
final class TileKeys {
    private static final int KEYS = TileAttentionCode.KEYS;
    /** Keys in the sample that shifts are found with. */
    private static final int SAMPLE = 64;
    /** Keys over which the mean is taken at most, spread over all. */
    private static final int AVERAGED = 1024;

    private record Pack(int rows, int columns, boolean transposed, long stride) {}

    /**
     * Which columns of keys and values.
     *
     * @param all columns of all heads
     * @param heads that are packed
     */
    record Columns(int all, AttentionKernel.Heads heads) {}

    private final List<KeyValue> contexts;
    private final TileCode code;
    private final int dim;
    private final int columns;
    private final int firstHead;
    private final int heads;
    private final long base;
    private final long[] offsets;
    /** Largest sum of squares of a key, for each context and head. */
    private final float[][] squares;

    /** @param scratch takes all of it */
    TileKeys(List<KeyValue> contexts, Columns columns, TileCode code, Scratch scratch) {
        this.contexts = contexts;
        this.code = code;
        this.dim = code.dim();
        this.columns = columns.all();
        this.firstHead = columns.heads().first();
        this.heads = columns.heads().count();
        this.offsets = new long[contexts.size() + 1];
        this.squares = new float[contexts.size()][heads];
        for (int c = 0; c < contexts.size(); c++) {
            offsets[c + 1] = offsets[c] + bytes(contexts.get(c), code);
        }
        this.base = scratch.address(offsets[contexts.size()] * heads);
    }

    /** Bytes that one head of these contexts takes. */
    static long headBytes(List<KeyValue> contexts, TileCode code) {
        return contexts.stream().mapToLong(context -> bytes(context, code)).sum();
    }

    /** The mean, the sample, and keys and values of all chunks. */
    private static long bytes(KeyValue context, TileCode code) {
        return meanBytes(code) + SAMPLE * code.dim() * Short.BYTES + chunks(context) * chunkBytes(code);
    }

    private static long meanBytes(TileCode code) {
        return (long) code.dim() * Float.BYTES;
    }

    private static long keyBytes(TileCode code) {
        return (long) KEYS * (code.isCoded() ? code.dim() + Float.BYTES : code.dim() * Short.BYTES);
    }

    private static long chunkBytes(TileCode code) {
        return keyBytes(code) + (long) KEYS * code.dim() * Short.BYTES;
    }

    private static long chunks(KeyValue context) {
        return (context.key().shape().dim(0) + KEYS - 1) / KEYS;
    }

    int contexts() {
        return contexts.size();
    }

    KeyValue context(int context) {
        return contexts.get(context);
    }

    long chunkBytes() {
        return chunkBytes(code);
    }

    /** Keys of a context. */
    long keys(int context) {
        return contexts.get(context).key().shape().dim(0);
    }

    /** Keys in the sample. */
    int sampled(int context) {
        return (int) Math.min(SAMPLE, keys(context));
    }

    /** What was taken from all keys: F32 for each column of a head. */
    long mean(int context, int head) {
        return base + (head - firstHead) * offsets[contexts.size()] + offsets[context];
    }

    /** Rows of keys, spread over all of them, as they were. */
    long sample(int context, int head) {
        return mean(context, head) + meanBytes(code);
    }

    long key(int context, int head, long chunk) {
        return sample(context, head) + (long) SAMPLE * dim * Short.BYTES + chunk * chunkBytes(code);
    }

    long value(int context, int head, long chunk) {
        return key(context, head, chunk) + keyBytes(code);
    }

    /** The largest norm of a head's keys. */
    float norm(int context, int head) {
        return (float) Math.sqrt((double) squares[context][head - firstHead]);
    }

    /** Packs everything. */
    void pack(Workers workers) {
        for (int c = 0; c < contexts.size(); c++) {
            int context = c;
            int tasks = Math.toIntExact(chunks(contexts.get(c)));
            workers.run(heads, (worker, head) -> prepare(worker, context, firstHead + head));
            float[] all = new float[heads * tasks];
            workers.run(
                    all.length,
                    (worker, task) -> all[task] = pack(worker, context, firstHead + task / tasks, task % tasks));
            for (int task = 0; task < all.length; task++) {
                squares[c][task / tasks] = Math.max(squares[c][task / tasks], all[task]);
            }
        }
    }

    /** Takes the sample and the mean. */
    private void prepare(Worker worker, int context, int head) {
        int count = sampled(context);
        long all = keys(context);
        View keys = new View(contexts.get(context).key());
        View sample = new View(sample(context, head), (long) count * dim, Format.BF16);
        short[] row = worker.halves(dim);
        for (int i = 0; i < count; i++) {
            keys.getShorts(i * all / count * columns + (long) head * dim, row, 0, dim);
            sample.putShorts((long) i * dim, row, 0, dim);
        }
        float[] mean = worker.floats(0, dim);
        java.util.Arrays.fill(mean, 0, dim, 0f);
        int averaged = code.isCoded() ? (int) Math.min(AVERAGED, all) : 0;
        float[] key = worker.floats(1, dim);
        for (int i = 0; i < averaged; i++) {
            keys.read(i * all / averaged * columns + (long) head * dim, key, 0, dim, worker.lanes(), row);
            worker.lanes().add(mean, 0, key, 0, dim);
        }
        worker.lanes().scale(mean, 0, dim, 1f / Math.max(1, averaged));
        new View(mean(context, head), dim, Format.F32).putFloats(0, mean, 0, dim);
    }

    /** Packs a chunk; the result is the largest sum of squares of a key. */
    private float pack(Worker worker, int context, int head, long chunk) {
        int count = (int) Math.min(KEYS, keys(context) - chunk * KEYS);
        long from = (chunk * KEYS * columns + (long) head * dim) * Short.BYTES;
        KeyValue pair = contexts.get(context);
        long keys = NativeStorage.address(pair.key()) + from;
        float most = rows(worker, keys, count, mean(context, head), key(context, head, chunk));
        if (!code.isCoded()) {
            Pack forKeys = new Pack(dim, count, true, columns);
            worker.run(worker.primitive(forKeys, () -> packer(forKeys)), keys, key(context, head, chunk));
            if ((count + 15) / 16 % 2 == 1) {
                // The last step takes 32 keys, the order ends after 16.
                long end = key(context, head, chunk) + (count + 15L) / 16 * 16 * dim * Short.BYTES;
                try (Address at = new Address()) {
                    Pointer.memset(at.at(end), 0, 16L * dim * Short.BYTES);
                }
            }
        }
        Pack forValues = new Pack(count, dim, false, columns);
        worker.run(
                worker.primitive(forValues, () -> packer(forValues)),
                NativeStorage.address(pair.value()) + from,
                value(context, head, chunk));
        return most;
    }

    /** Sums of squares of keys less the mean, of which the largest is the result; in INT8 also their tiles of codes. */
    private float rows(Worker worker, long keys, int count, long mean, long target) {
        long at = worker.nativeScratch(
                Worker.Piece.PRODUCT, TileRowsCode.ARGUMENTS + (long) KEYS * (dim + 2 * Float.BYTES));
        long steps = at + TileRowsCode.ARGUMENTS;
        View sums = new View(steps + (long) KEYS * Float.BYTES, count, Format.F32);
        long codes = steps + 2L * KEYS * Float.BYTES;
        ByteBuffer arguments = View.map(at, TileRowsCode.ARGUMENTS);
        TileRowsCode.write(arguments, dim);
        arguments.putLong(TileRowsCode.SOURCE, keys);
        arguments.putLong(TileRowsCode.STRIDE, (long) columns * Short.BYTES);
        arguments.putLong(TileRowsCode.COUNT, count);
        arguments.putLong(TileRowsCode.MEAN, mean);
        arguments.putLong(TileRowsCode.CODES, codes);
        arguments.putLong(TileRowsCode.STEPS, steps);
        arguments.putLong(TileRowsCode.SQUARES, sums.address());
        code.rows().call(at);
        if (code.isCoded()) {
            arguments.putLong(TileRowsCode.COUNT, (count + TileAttentionCode.STEP - 1) / TileAttentionCode.STEP);
            arguments.putLong(TileRowsCode.TILES, target);
            arguments.putLong(TileRowsCode.TILE_STEPS, target + (long) KEYS * dim);
            Objects.requireNonNull(code.tiles()).call(at);
        }
        float[] all = worker.floats(0, count);
        sums.getFloats(0, all, 0, count);
        return worker.lanes().max(all, 0, count);
    }

    /** From rows of a matrix, or of its transpose, to tiles of 32 rows in pairs by 16 columns. */
    private static Primitive packer(Pack p) {
        long[] dims = {p.rows(), p.columns()};
        dnnl_memory_desc from =
                Md.strided(dnnl_bf16, dims, p.transposed() ? 1 : p.stride(), p.transposed() ? p.stride() : 1);
        dnnl_memory_desc to = Md.tagged(dnnl_bf16, dnnl_BA16a16b2a, dims);
        Primitive primitive = Reorders.create(from, to);
        dnnl_memory_desc_destroy(from);
        dnnl_memory_desc_destroy(to);
        return primitive;
    }
}
