package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.error.UnsupportedException;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Storage;
import io.wan4j.tensor.StoredTensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_memory_desc;

/**
 * The weight of a convolution. oneDNN wants it in an order that depends on the size of the picture, so it is packed from
 * the checkpoint's pages when a size is first used; the arena owns and counts the copies.
 */
final class ConvolutionWeight implements Storage {
    private static final int PIECE = 1 << 20;

    /** A copy and its order. */
    private record Copy(ConvolutionSpec.Kernel kernel, dnnl_memory_desc order, long address) {}

    private final StoredTensor values;
    private final long bytes;
    private final NativeArena arena;
    private long tiles;
    private final List<Copy> copies = new ArrayList<>();

    ConvolutionWeight(StoredTensor values, Format compute, NativeArena arena) {
        this.values = values;
        this.bytes = values.shape().count() * compute.bytes();
        this.arena = arena;
    }

    /** Address of the weight in the order that a convolution wants; called by one thread at a time. */
    long address(Worker worker, Primitive convolution, ConvolutionSpec.Kernel kernel) {
        dnnl_memory_desc order = convolution.order(1);
        for (Copy copy : copies) {
            if (copy.kernel().equals(kernel) && dnnl_memory_desc_equal(copy.order(), order) != 0) {
                return copy.address();
            }
        }
        dnnl_memory_desc kept = new dnnl_memory_desc();
        Dnnl.check(dnnl_memory_desc_clone(kept, order), "convolution order");
        arena.closeAfterwards(() -> dnnl_memory_desc_destroy(kept));
        Copy copy = new Copy(kernel, kept, arena.take(Md.bytes(order)).address());
        try (Primitive packer = Convolutions.packer(kernel, kept)) {
            worker.run(packer, plain(worker) + kernel.skippedBytes(), copy.address());
        }
        copies.add(copy);
        return copy.address();
    }

    /** Address of the weight in the order of {@link TileConvolution}, of which there is one for a layer. */
    long tiles(Workers workers, TileConvolutionWeight order) {
        if (tiles == 0) {
            tiles = arena.take(order.bytes()).address();
            order.pack(workers, values, tiles);
        }
        return tiles;
    }

    /** The weight as F32 in scratch. */
    private long plain(Worker worker) {
        long count = values.shape().count();
        long address = worker.nativeScratch(Worker.Piece.LEFT, count * Float.BYTES);
        View view = new View(address, count, Format.F32);
        float[] piece = worker.floats(0, PIECE);
        int size = values.format().bytes();
        for (long from = 0; from < count; from += PIECE) {
            int here = (int) Math.min(PIECE, count - from);
            ByteBuffer content = values.read(from * size, (long) here * size);
            FloatCodec.decode(values.format(), content.slice(), 0, piece, 0, here);
            view.putFloats(from, piece, 0, here);
        }
        return address;
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public Storage slice(long offset, long length) {
        throw new UnsupportedException("onednn: expected no views of " + values.name() + ", got one");
    }
}
