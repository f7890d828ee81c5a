package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_stream;

/** What one thread needs to compute: a stream, compiled primitives, scratch. */
final class Worker implements AutoCloseable {
    private static final int PRIMITIVES = 256;

    /** Pieces of native scratch that are in use at the same time. */
    enum Piece {
        SCRATCHPAD,
        LEFT,
        RIGHT,
        PRODUCT,
        SECOND,
        RESULT
    }

    private final dnnl_stream stream = new dnnl_stream();
    private final Map<Object, Primitive> primitives = new LinkedHashMap<>(64, 0.75f, true);
    private final Map<Piece, Scratch> scratch = new EnumMap<>(Piece.class);
    private final OneDnnMemory memory;
    private final Lanes lanes;
    private final float[][] floats = new float[6][0];
    private short[] halves = new short[0];
    private byte[] codes = new byte[0];

    Worker(OneDnnMemory memory, Lanes lanes) {
        this.memory = memory;
        this.lanes = lanes;
        Dnnl.check(dnnl_stream_create(stream, Dnnl.engine(), dnnl_stream_default_flags), "stream");
    }

    Lanes lanes() {
        return lanes;
    }

    /** The primitive for a key, compiled on first use; the one not used for longest makes room. */
    Primitive primitive(Object key, Supplier<Primitive> compile) {
        Primitive known = primitives.get(key);
        if (known == null) {
            known = compile.get();
            primitives.put(key, known);
            if (primitives.size() > PRIMITIVES) {
                var eldest = primitives.entrySet().iterator();
                eldest.next().getValue().close();
                eldest.remove();
            }
        }
        return known;
    }

    /** Multiplies; see {@link Matmuls#create} for the order of the addresses. */
    void matmul(MatmulSpec spec, long... data) {
        run(primitive(spec, () -> Matmuls.create(spec)), data);
    }

    /** Runs a primitive with these addresses and a scratchpad. */
    void run(Primitive primitive, long... data) {
        long[] all = java.util.Arrays.copyOf(data, data.length + 1);
        all[data.length] = nativeScratch(Piece.SCRATCHPAD, primitive.scratchpadBytes());
        primitive.run(stream, all);
    }

    /** Address of scratch of at least this many bytes; the content does not survive the next request for the piece. */
    long nativeScratch(Piece piece, long bytes) {
        return scratch.computeIfAbsent(piece, p -> new Scratch(memory)).address(bytes);
    }

    /** A float array of at least this length, one for each slot below 6. */
    float[] floats(int slot, int length) {
        if (floats[slot].length < length) {
            floats[slot] = new float[length];
        }
        return floats[slot];
    }

    short[] halves(int length) {
        if (halves.length < length) {
            halves = new short[length];
        }
        return halves;
    }

    byte[] codes(int length) {
        if (codes.length < length) {
            codes = new byte[length];
        }
        return codes;
    }

    void trim() {
        scratch.values().forEach(Scratch::close);
        scratch.clear();
    }

    @Override
    public void close() {
        trim();
        primitives.values().forEach(Primitive::close);
        primitives.clear();
        dnnl_stream_destroy(stream);
    }
}
