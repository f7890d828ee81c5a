package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.spi.KeyValue;
import io.wan4j.tensor.Format;
import java.util.List;

/**
 * Keys and values of some heads in the order of the products q k^T and p v, cut into tiles of keys. Packed once for all
 * queries. Both get columns more: the first of them holds ones, the others zeros. So a query's extra element is added to
 * all its scores, and p v carries the sums of p's rows.
 */
final class PackedKeys {
    /** Keys in a tile: the tile of weights that belongs to some hundred queries stays in the second-level cache. */
    static final int KEYS = 256;

    private static final int STEP = 32;

    private final List<KeyValue> contexts;
    private final int dim;
    private final int columns;
    private final Format format;
    private final int firstHead;
    private final int heads;
    private final long base;
    private final long[] contextOffsets;
    private final long headBytes;

    /** @param scratch takes all of it */
    PackedKeys(List<KeyValue> contexts, AttentionKernel.Call call, AttentionKernel.Heads heads, Scratch scratch) {
        this.contexts = contexts;
        this.dim = call.dim();
        this.columns = call.columns();
        this.format = contexts.get(0).key().format();
        this.firstHead = heads.first();
        this.heads = heads.count();
        this.contextOffsets = new long[contexts.size() + 1];
        for (int c = 0; c < contexts.size(); c++) {
            contextOffsets[c + 1] = contextOffsets[c] + 2 * tiles(c) * tileBytes();
        }
        this.headBytes = contextOffsets[contexts.size()];
        this.base = scratch.address(headBytes * heads.count());
    }

    /** Bytes that one head of these contexts takes. */
    static long headBytes(List<KeyValue> contexts, int dim) {
        Format format = contexts.get(0).key().format();
        long bytes = 0;
        for (KeyValue context : contexts) {
            bytes += 2 * tiles(context.key().shape().dim(0)) * tileBytes(dim, format);
        }
        return bytes;
    }

    private static long tiles(long keys) {
        return (keys + KEYS - 1) / KEYS;
    }

    long tiles(int context) {
        return tiles(contexts.get(context).key().shape().dim(0));
    }

    /** Columns of a head with those for ones. */
    static int extended(int dim) {
        return (dim + STEP) / STEP * STEP;
    }

    /** Room for a packed tile of keys or of values; blocks of a packed order are padded to 64 at most. */
    private static long tileBytes(int dim, Format format) {
        return (extended(dim) + 63L) / 64 * 64 * KEYS * format.bytes();
    }

    private long tileBytes() {
        return tileBytes(dim, format);
    }

    /** Keys in a tile of a context. */
    int keys(int context, long tile) {
        return (int) Math.min(KEYS, contexts.get(context).key().shape().dim(0) - tile * KEYS);
    }

    long key(int context, int head, long tile) {
        return base + (head - firstHead) * headBytes + contextOffsets[context] + 2 * tile * tileBytes();
    }

    long value(int context, int head, long tile) {
        return key(context, head, tile) + tileBytes();
    }

    /** Packs everything. */
    void pack(Workers workers) {
        for (int c = 0; c < contexts.size(); c++) {
            int context = c;
            int tiles = Math.toIntExact(tiles(c));
            workers.run(heads * tiles, (worker, task) -> pack(worker, context, firstHead + task / tiles, task % tiles));
        }
    }

    private void pack(Worker worker, int context, int head, long tile) {
        int keys = keys(context, tile);
        int type = Md.type(format);
        int extended = extended(dim);
        KeyValue pair = contexts.get(context);
        long rows = worker.nativeScratch(Worker.Piece.SECOND, (long) KEYS * extended * format.bytes());
        long from = tile * KEYS * columns + (long) head * dim;
        Reorders.Pack forKeys = new Reorders.Pack(
                extended, keys, types(type), type, new MatmulSpec.Right(MatmulSpec.Right.Kind.TRANSPOSED, extended));
        extend(worker, new View(pair.key()), from, keys, rows);
        worker.run(worker.primitive(forKeys, () -> Reorders.pack(forKeys)), rows, key(context, head, tile));
        Reorders.Pack forValues = new Reorders.Pack(
                keys, extended, types(type), type, new MatmulSpec.Right(MatmulSpec.Right.Kind.ROWS, extended));
        extend(worker, new View(pair.value()), from, keys, rows);
        worker.run(worker.primitive(forValues, () -> Reorders.pack(forValues)), rows, value(context, head, tile));
    }

    /** Rows of one head with a one behind each. */
    private void extend(Worker worker, View source, long from, int rows, long target) {
        float[] tail = new float[extended(dim) - dim];
        tail[0] = 1f;
        View out = new View(target, (long) rows * extended(dim), format);
        source.copyRows(new View.Rows(from, columns, dim), rows, out, tail, worker);
    }

    private static MatmulSpec.Types types(int type) {
        return new MatmulSpec.Types(type, type, dnnl_f32);
    }
}
