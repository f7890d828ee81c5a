package io.wan4j.gpucheck;

import io.wan4j.ops.Ops;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Convolution.Geometry;
import io.wan4j.spi.Device;
import io.wan4j.spi.Linear;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** Random operands on a device for one measurement; freed when closed. */
final class BenchRig implements AutoCloseable {
    private static final int PIECE_BYTES = 8 << 20;

    private final Device device;
    private final RandomPool pool;
    private final Ops ops;
    private final Arena arena;
    private int made;

    BenchRig(Device device, RandomPool pool) {
        this.device = device;
        this.pool = pool;
        this.ops = Ops.on(device);
        this.arena = device.memory().arena();
    }

    Device device() {
        return device;
    }

    /** Undefined content; codes come with row scales. */
    Tensor blank(Format format, long... dims) {
        Tensor values = ops.allocate(Shape.of(dims), format);
        return format.isCode()
                ? Tensor.ofCodes(values, ops.allocate(Shape.of(values.shape().rows()), Format.F32))
                : values;
    }

    /** About standard normal values, others for every tensor, or codes with row scales that make them so. */
    Tensor normal(Format format, long... dims) {
        Tensor out = blank(format, dims);
        if (format.isCode()) {
            fill(out, pool.codes("x" + made++, format, out.shape()));
            Tensor scales = out.scales().orElseThrow();
            double scale = 1 / RandomPool.deviation(format);
            fill(scales, pool.tensor("scales", Format.F32, scales.shape(), scale, 0));
        } else {
            fill(out, pool.tensor("x" + made++, format, out.shape(), 0, 1));
        }
        return out;
    }

    private void fill(Tensor out, StoredTensor values) {
        long entries = out.shape().dim(0);
        long entryBytes = Math.max(1, out.bytes() / Math.max(1, entries));
        long some = Math.max(1, PIECE_BYTES / entryBytes);
        for (long from = 0; from < entries; from += some) {
            long to = Math.min(entries, from + some);
            device.memory().upload(values.read(from * entryBytes, (to - from) * entryBytes), out.slice(from, to));
        }
    }

    /** A vector of about this value. */
    Tensor vector(double mean, long count) {
        Tensor out = blank(Format.F32, count);
        fill(out, pool.tensor("v", Format.F32, out.shape(), mean, 0.02));
        return out;
    }

    /** A layer with bias; 8-bit codes have a scale a row and want their input quantised. */
    Linear linear(Format format, long out, long in) {
        Shape shape = Shape.of(out, in);
        double deviation = 1 / Math.sqrt((double) in);
        StoredWeight stored = format.isCode()
                ? new StoredWeight(
                        pool.codes("w", format, shape),
                        Optional.of(pool.tensor(
                                "s", Format.F32, Shape.of(out, 1), deviation / RandomPool.deviation(format), 0)),
                        ActivationMode.DYNAMIC_8BIT)
                : StoredWeight.dense(pool.tensor("w", format, shape, 0, deviation));
        return new Linear("bench", arena.place(stored, WeightRole.LINEAR), Optional.of(vector(0, out)), List.of());
    }

    /** A convolution with bias and square kernel. */
    Convolution convolution(Shape shape, Geometry geometry) {
        double deviation = 1 / Math.sqrt((double) shape.count() / shape.dim(0));
        StoredWeight stored = StoredWeight.dense(pool.tensor("k", Format.BF16, shape, 0, deviation));
        return new Convolution("bench", arena.place(stored, WeightRole.CONVOLUTION), vector(0, shape.dim(0)), geometry);
    }

    @Override
    public void close() {
        device.synchronize();
        ops.close();
        arena.close();
    }
}
