package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.Pointer;

/**
 * Keys and values of some heads in tiles of 1 KiB, as {@link TileAttentionCode} reads them: chunk by chunk of keys, each
 * with its keys transposed (16 keys by 32 columns in a tile) and its values (16 columns by 32 keys). Missing keys of the
 * last step are zero.
 */
final class TileKeys {
    private static final int KEYS = TileAttentionCode.KEYS;
    /** Keys in the sample that shifts are found with. */
    private static final int SAMPLE = 64;

    private record Pack(int rows, int columns, boolean transposed, long stride) {}

    private final List<KeyValue> contexts;
    private final int dim;
    private final int columns;
    private final int firstHead;
    private final int heads;
    private final long base;
    private final long[] offsets;

    /** @param scratch takes all of it */
    TileKeys(List<KeyValue> contexts, AttentionKernel.Call call, AttentionKernel.Heads heads, Scratch scratch) {
        this.contexts = contexts;
        this.dim = call.dim();
        this.columns = call.columns();
        this.firstHead = heads.first();
        this.heads = heads.count();
        this.offsets = new long[contexts.size() + 1];
        for (int c = 0; c < contexts.size(); c++) {
            offsets[c + 1] = offsets[c] + bytes(contexts.get(c), call.dim());
        }
        this.base = scratch.address(offsets[contexts.size()] * heads.count());
    }

    /** Bytes that one head of these contexts takes. */
    static long headBytes(List<KeyValue> contexts, int dim) {
        return contexts.stream().mapToLong(context -> bytes(context, dim)).sum();
    }

    /** Keys and values of all chunks, and the sample. */
    private static long bytes(KeyValue context, int dim) {
        return (2 * chunks(context) * KEYS + SAMPLE) * dim * Short.BYTES;
    }

    private static long chunks(KeyValue context) {
        return (context.key().shape().dim(0) + KEYS - 1) / KEYS;
    }

    long chunks(int context) {
        return chunks(contexts.get(context));
    }

    KeyValue context(int context) {
        return contexts.get(context);
    }

    /** Keys in a chunk. */
    int keys(int context, long chunk) {
        return (int) Math.min(KEYS, contexts.get(context).key().shape().dim(0) - chunk * KEYS);
    }

    /** Keys in the sample. */
    int sampled(int context) {
        return (int) Math.min(SAMPLE, contexts.get(context).key().shape().dim(0));
    }

    /** Rows of keys, spread over all of them. */
    long sample(int context, int head) {
        return base + (head - firstHead) * offsets[contexts.size()] + offsets[context];
    }

    long key(int context, int head, long chunk) {
        return sample(context, head) + (SAMPLE + 2 * chunk * KEYS) * dim * Short.BYTES;
    }

    long value(int context, int head, long chunk) {
        return key(context, head, chunk) + (long) KEYS * dim * Short.BYTES;
    }

    /** Packs everything. */
    void pack(Workers workers) {
        for (int c = 0; c < contexts.size(); c++) {
            int context = c;
            // One task more for each head: the sample.
            int tasks = Math.toIntExact(chunks(c)) + 1;
            workers.run(heads * tasks, (worker, task) -> {
                int head = firstHead + task / tasks;
                if (task % tasks == 0) {
                    packSample(worker, context, head);
                } else {
                    pack(worker, context, head, task % tasks - 1);
                }
            });
        }
    }

    private void packSample(Worker worker, int context, int head) {
        int count = sampled(context);
        long all = contexts.get(context).key().shape().dim(0);
        View keys = new View(contexts.get(context).key());
        View out = new View(sample(context, head), (long) count * dim, Format.BF16);
        short[] row = worker.halves(dim);
        for (int i = 0; i < count; i++) {
            keys.getShorts(i * all / count * columns + (long) head * dim, row, 0, dim);
            out.putShorts((long) i * dim, row, 0, dim);
        }
    }

    private void pack(Worker worker, int context, int head, long chunk) {
        int keys = keys(context, chunk);
        long from = (chunk * KEYS * columns + (long) head * dim) * Short.BYTES;
        KeyValue pair = contexts.get(context);
        Pack forKeys = new Pack(dim, keys, true, columns);
        worker.run(
                worker.primitive(forKeys, () -> packer(forKeys)),
                NativeStorage.address(pair.key()) + from,
                key(context, head, chunk));
        if ((keys + 15) / 16 % 2 == 1) {
            // The last step takes 32 keys, the order ends after 16.
            long end = key(context, head, chunk) + (keys + 15L) / 16 * 16 * dim * Short.BYTES;
            try (Address at = new Address()) {
                Pointer.memset(at.at(end), 0, 16L * dim * Short.BYTES);
            }
        }
        Pack forValues = new Pack(keys, dim, false, columns);
        worker.run(
                worker.primitive(forValues, () -> packer(forValues)),
                NativeStorage.address(pair.value()) + from,
                value(context, head, chunk));
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
