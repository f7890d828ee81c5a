package io.wan4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import io.wan4j.error.UnsupportedException;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Scaled;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Brings weights into the order of the products that use them. The packed copy replaces the checkpoint's pages, which
 * are read once and never again. Groups of columns are packed in parallel.
 */
final class Placement {
    private final Format compute;
    private final OneDnnOptions options;
    private final Supplier<Workers> workers;

    /**
     * @param compute format of products between floating operands
     * @param workers asked for at the first weight
     */
    Placement(Format compute, OneDnnOptions options, Supplier<Workers> workers) {
        this.compute = compute;
        this.options = options;
        this.workers = workers;
    }

    Weight place(StoredWeight stored, WeightRole role, NativeArena arena) {
        return switch (role) {
            case TABLE -> table(stored);
            case LINEAR -> linear(stored, arena);
            case CONVOLUTION -> convolution(stored, arena);
        };
    }

    private static Weight table(StoredWeight stored) {
        if (stored.scale().isPresent()) {
            throw unsupported(stored.values(), "a table in a floating format");
        }
        StoredTensor rows = stored.values();
        return new Dense(Tensor.of(rows.shape(), rows.format(), new StoredTable(rows)));
    }

    private Weight linear(StoredWeight stored, NativeArena arena) {
        StoredTensor values = stored.values();
        if (stored.scale().isEmpty()) {
            requireFloat(values);
            Packed packed = pack(values, new PackJob(compute, compute, null), arena);
            return new Dense(Tensor.of(values.shape(), compute, packed));
        }
        float[] scales = scales(stored);
        Format codes = values.format();
        boolean dynamic = stored.activations() == ActivationMode.DYNAMIC_8BIT;
        if (codes == Format.F8_E4M3 && dynamic && options.fp8() == OneDnnOptions.Fp8.INT8) {
            return requantised(stored, scales, arena);
        }
        Format order = codes == Format.I8 && dynamic ? Format.I8 : compute;
        Packed packed = pack(values, new PackJob(order, codes, null), arena);
        return new Scaled(Tensor.of(values.shape(), codes, packed), upload(scales, arena), stored.activations());
    }

    private Weight requantised(StoredWeight stored, float[] scales, NativeArena arena) {
        float[] rowScales = new float[scales.length];
        Packed packed = pack(stored.values(), new PackJob(Format.I8, Format.I8, new Rescale(scales, rowScales)), arena);
        return new Scaled(
                Tensor.of(stored.values().shape(), Format.I8, packed),
                upload(rowScales, arena),
                ActivationMode.DYNAMIC_8BIT);
    }

    private Weight convolution(StoredWeight stored, NativeArena arena) {
        StoredTensor values = stored.values();
        if (stored.scale().isPresent()) {
            throw unsupported(values, "a convolution in a floating format");
        }
        requireFloat(values);
        Shape s = values.shape();
        if (s.count() == s.dim(0) * s.dim(1)) {
            // One tap: a product over the channels of each pixel.
            Packed packed = pack(values.reshape(s.dim(0), s.dim(1)), new PackJob(compute, compute, null), arena);
            return new Dense(Tensor.of(s, compute, packed));
        }
        return new Dense(Tensor.of(s, compute, new ConvolutionWeight(values, compute, arena)));
    }

    private static void requireFloat(StoredTensor values) {
        if (!values.format().isFloat()) {
            throw unsupported(values, "a floating format, or I8 with scales");
        }
    }

    private static UnsupportedException unsupported(StoredTensor values, String expected) {
        return new UnsupportedException(values.name() + ": onednn: expected " + expected + ", got " + values.format()
                + " in " + values.location());
    }

    /** One F32 scale for each row of the weight. */
    private static float[] scales(StoredWeight stored) {
        StoredTensor scale = stored.scale().orElseThrow();
        int count = Math.toIntExact(scale.shape().count());
        float[] given = new float[count];
        FloatCodec.decode(scale.format(), scale.read(0, scale.bytes()), 0, given, 0, count);
        int rows = Math.toIntExact(stored.values().shape().dim(0));
        if (count == rows) {
            return given;
        }
        float[] all = new float[rows];
        java.util.Arrays.fill(all, given[0]);
        return all;
    }

    private static Tensor upload(float[] values, NativeArena arena) {
        Tensor out = arena.allocate(Shape.of(values.length), Format.F32);
        new View(out).putFloats(0, values, 0, values.length);
        return out;
    }

    /** New INT8 scales to be found while packing, from E4M3 codes with these scales. */
    private record Rescale(float[] from, float[] to) {}

    /** What packing shall give: the order of elements, the format of the bytes, and requantisation if any. */
    private record PackJob(
            Format order,
            Format stored,
            @org.jspecify.annotations.Nullable Rescale rescale) {}

    private Packed pack(StoredTensor values, PackJob job, NativeArena arena) {
        long out = values.shape().dim(0);
        long in = values.shape().dim(1);
        long step = Packed.columns(out);
        List<Packed.Chunk> chunks = new ArrayList<>();
        long total = 0;
        for (long from = 0; from < out; from += step) {
            long columns = Math.min(step, out - from);
            long packedBytes = Reorders.packedBytes(in, columns, types(job.order()));
            long kept = packedBytes / job.order().bytes() * job.stored().bytes();
            // Addresses are offsets until the memory is there.
            chunks.add(new Packed.Chunk(from, columns, total));
            total += (kept + 63) / 64 * 64;
        }
        long base = arena.take(total).address();
        List<Packed.Chunk> placed = chunks.stream()
                .map(c -> new Packed.Chunk(c.from(), c.columns(), base + c.address()))
                .toList();
        workers.get().run(placed.size(), (worker, i) -> packChunk(worker, values, job, placed.get(i)));
        return new Packed(job.order(), job.stored(), in, placed, total);
    }

    static MatmulSpec.Types types(Format order) {
        int type = Md.type(order);
        return new MatmulSpec.Types(type, type, dnnl_f32);
    }

    private static void packChunk(Worker worker, StoredTensor values, PackJob job, Packed.Chunk chunk) {
        long in = values.shape().dim(1);
        Format from = values.format();
        ByteBuffer rows = values.read(chunk.from() * in * from.bytes(), chunk.columns() * in * from.bytes());
        if (job.rescale() != null) {
            long plain = requantise(worker, rows, in, chunk, job.rescale());
            reorder(worker, plain, Format.I8, job.order(), in, chunk, chunk.address());
        } else if (job.order() == job.stored()) {
            direct(worker, rows, from, job.order(), in, chunk);
        } else {
            coded(worker, rows, job, in, chunk);
        }
    }

    /** Float or INT8 rows to the order of the same element type; oneDNN converts on the way where it can. */
    private static void direct(Worker worker, ByteBuffer rows, Format from, Format order, long in, Packed.Chunk chunk) {
        if (from == Format.F32 || from == Format.BF16 || from == Format.F16 || from == Format.I8) {
            long plain = copy(worker, rows);
            reorder(worker, plain, from, order, in, chunk, chunk.address());
        } else {
            long count = in * chunk.columns();
            long plain = worker.nativeScratch(Worker.Piece.LEFT, count * Float.BYTES);
            float[] row = worker.floats(0, (int) in);
            View view = new View(plain, count, Format.F32);
            for (int r = 0; r < chunk.columns(); r++) {
                FloatCodec.decode(from, rows, Math.toIntExact(r * in * from.bytes()), row, 0, (int) in);
                view.putFloats(r * in, row, 0, (int) in);
            }
            reorder(worker, plain, Format.F32, order, in, chunk, chunk.address());
        }
    }

    private static long copy(Worker worker, ByteBuffer rows) {
        int length = rows.remaining();
        long plain = worker.nativeScratch(Worker.Piece.LEFT, length);
        View.map(plain, length).put(rows);
        return plain;
    }

    /** Codes in the order of the floats that they will be decoded to. */
    private static void coded(Worker worker, ByteBuffer rows, PackJob job, long in, Packed.Chunk chunk) {
        int count = Math.toIntExact(in * chunk.columns());
        long plain = worker.nativeScratch(Worker.Piece.LEFT, (long) count * Float.BYTES);
        Codes.toFloats(worker, job.stored(), rows, new View(plain, count, Format.F32));
        MatmulSpec.Types types = types(job.order());
        long bytes = Reorders.packedBytes(in, chunk.columns(), types);
        long packed = worker.nativeScratch(Worker.Piece.RIGHT, bytes);
        reorder(worker, plain, Format.F32, job.order(), in, chunk, packed);
        long elements = bytes / job.order().bytes();
        Codes.fromFloats(
                worker,
                new View(packed, elements, job.order()),
                job.stored(),
                new View(chunk.address(), elements, job.stored()));
    }

    private static long requantise(Worker worker, ByteBuffer rows, long in, Packed.Chunk chunk, Rescale rescale) {
        int columns = (int) in;
        long plain = worker.nativeScratch(Worker.Piece.LEFT, in * chunk.columns());
        View view = new View(plain, in * chunk.columns(), Format.I8);
        byte[] codes = worker.codes(columns);
        float[] row = worker.floats(0, columns);
        for (int r = 0; r < chunk.columns(); r++) {
            int index = Math.toIntExact(chunk.from() + r);
            rows.get(Math.toIntExact(r * in), codes, 0, columns);
            worker.lanes().codesToFloat(Format.F8_E4M3, codes, row, columns);
            float scale = Math.max(worker.lanes().maxAbs(row, 0, columns), 1e-5f) / 127f;
            worker.lanes().quantise(Format.I8, row, 0, columns, scale, codes);
            rescale.to()[index] = scale * rescale.from()[index];
            view.putCodes(r * in, codes, 0, columns);
        }
        return plain;
    }

    private static void reorder(
            Worker worker, long plain, Format from, Format order, long in, Packed.Chunk chunk, long target) {
        Reorders.Pack key = new Reorders.Pack(
                in,
                chunk.columns(),
                types(order),
                Md.type(from),
                new MatmulSpec.Right(MatmulSpec.Right.Kind.TRANSPOSED, in));
        worker.run(worker.primitive(key, () -> Reorders.pack(key)), plain, target);
    }
}
