package io.wan4j.ops;

import io.wan4j.error.CheckpointException;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Device;
import io.wan4j.spi.Linear;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Dense;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * Loads the weights of a model, or of one block, from a checkpoint to a device. Owns what it loaded: closing it frees
 * the device memory. All names are relative to {@link #at}.
 */
public final class Weights implements AutoCloseable {
    private final WeightSource source;
    private final Device device;
    private final Arena arena;
    private final PlacedLayers layers;
    private final String prefix;
    private boolean closed;

    private Weights(WeightSource source, Device device, Arena arena, PlacedLayers layers, String prefix) {
        this.source = source;
        this.device = device;
        this.arena = arena;
        this.layers = layers;
        this.prefix = prefix;
    }

    /** Opens a loader with an arena of its own. */
    public static Weights open(WeightSource source, Device device) {
        return new Weights(source, device, device.memory().arena(), new PlacedLayers(device), "");
    }

    /** A loader into an arena that another owns and closes; this loader is not closed. */
    static Weights into(Arena arena, WeightSource source, Device device) {
        return new Weights(source, device, arena, PlacedLayers.in(arena, device), "");
    }

    /**
     * A new loader on the same device that takes the weights of linear layers over from this one; biases, norms, adapters
     * and all the rest are loaded anew. Both are closed by their owners, in any order.
     *
     * @param changed for which {@link WeightSource#keepsLayersOf} this loader's source is true
     */
    public Weights reopen(WeightSource changed) {
        return new Weights(changed, device, device.memory().arena(), layers.share(), "");
    }

    /** A loader into the same arena for the names below {@code prefix + "."}; only the outermost one is closed. */
    public Weights at(String name) {
        return new Weights(source, device, arena, layers, prefix + name + ".");
    }

    /** The device. */
    public Device device() {
        return device;
    }

    /** Bytes on the device so far. */
    public long bytes() {
        return arena.bytes() + layers.bytes();
    }

    /** Whether the checkpoint has a tensor of this name. */
    public boolean has(String name) {
        return source.names().contains(prefix + name);
    }

    /** Layer {@code name.weight} [out, in] with {@code name.bias} [out]. */
    public Linear linear(String name, long in, long out) {
        return linear(name, Shape.of(out, in), true);
    }

    /** Layer {@code name.weight} [out, in] without bias. */
    public Linear linearWithoutBias(String name, long in, long out) {
        return linear(name, Shape.of(out, in), false);
    }

    private Linear linear(String name, Shape shape, boolean biased) {
        Weight weight = layers.place(prefix + name, () -> source.weight(prefix + name, shape));
        Optional<Tensor> bias = biased ? Optional.of(vector(name + ".bias", shape.dim(0))) : Optional.empty();
        return new Linear(prefix + name, weight, bias, adapters(name, shape));
    }

    private List<Linear.LowRank> adapters(String name, Shape shape) {
        return source.adapters(prefix + name, shape).stream()
                .map(adapter -> new Linear.LowRank(matrix(adapter.down()), matrix(adapter.up()), adapter.strength()))
                .toList();
    }

    /** A matrix of an adapter: BF16 as it is, any other format as F32. */
    private Tensor matrix(StoredTensor stored) {
        if (stored.format() != Format.BF16) {
            return tensor(stored, stored.shape());
        }
        Tensor out = arena.allocate(stored.shape(), Format.BF16);
        device.memory().upload(stored.read(0, stored.bytes()), out);
        return out;
    }

    /**
     * Rows {@code part * out .. (part + 1) * out} of a fused layer {@code name.weight} [parts * out, in] with bias, as a
     * layer of its own.
     */
    public Linear linearPart(String name, long in, long out, int part, int parts) {
        StoredWeight whole = source.weight(prefix + name, Shape.of(parts * out, in));
        StoredWeight slice = new StoredWeight(
                whole.values().slice(part * out, (part + 1) * out),
                whole.scale()
                        .map(scale -> scale.shape().count() == 1 ? scale : scale.slice(part * out, (part + 1) * out)),
                whole.activations());
        Tensor bias = tensor(
                source.get(prefix + name + ".bias", Shape.of(parts * out)).slice(part * out, (part + 1) * out),
                Shape.of(out));
        return new Linear(
                prefix + name + "[" + part + "]", arena.place(slice, WeightRole.LINEAR), Optional.of(bias), List.of());
    }

    /**
     * A stored convolution whose kernel covers the whole patch, as the linear layer that it is: {@code name.weight} of
     * shape {@code stored} viewed as [out, in].
     */
    public Linear patchLinear(String name, Shape stored, boolean biased) {
        long out = stored.dim(0);
        StoredTensor values = source.get(prefix + name + ".weight", stored).reshape(out, stored.count() / out);
        Optional<Tensor> bias = biased ? Optional.of(vector(name + ".bias", out)) : Optional.empty();
        return new Linear(prefix + name, arena.place(StoredWeight.dense(values), WeightRole.LINEAR), bias, List.of());
    }

    /** Part {@code part} of {@code parts} equal groups of rows of a {@link #patchLinear} with bias, as a layer of its own. */
    public Linear patchLinearPart(String name, Shape stored, int part, int parts) {
        long out = stored.dim(0) / parts;
        long from = part * out;
        StoredTensor values = source.get(prefix + name + ".weight", stored)
                .reshape(stored.dim(0), stored.count() / stored.dim(0))
                .slice(from, from + out);
        StoredTensor bias =
                source.get(prefix + name + ".bias", Shape.of(stored.dim(0))).slice(from, from + out);
        return new Linear(
                prefix + name + "[" + part + "]",
                arena.place(StoredWeight.dense(values), WeightRole.LINEAR),
                Optional.of(tensor(bias, bias.shape())),
                List.of());
    }

    /** Layer {@code name.weight} of this 5-D shape with {@code name.bias}. */
    public Convolution convolution(String name, Shape shape, Convolution.Geometry geometry) {
        StoredWeight stored = StoredWeight.dense(source.get(prefix + name + ".weight", shape));
        return new Convolution(
                prefix + name,
                arena.place(stored, WeightRole.CONVOLUTION),
                vector(name + ".bias", shape.dim(0)),
                geometry);
    }

    /** A convolution stored with a 2-D kernel [out, in, kh, kw], as one with a single tap in time. */
    public Convolution convolution2d(String name, Shape shape, Convolution.Geometry geometry) {
        StoredTensor values = source.get(prefix + name + ".weight", shape)
                .reshape(shape.dim(0), shape.dim(1), 1, shape.dim(2), shape.dim(3));
        return new Convolution(
                prefix + name,
                arena.place(StoredWeight.dense(values), WeightRole.CONVOLUTION),
                vector(name + ".bias", shape.dim(0)),
                geometry);
    }

    /** A table of rows: {@code name} [rows, columns]. */
    public Tensor table(String name, long rows, long columns) {
        StoredWeight stored = source.weight(prefix + stripWeight(name), Shape.of(rows, columns));
        if (arena.place(stored, WeightRole.TABLE) instanceof Dense dense) {
            return dense.values();
        }
        throw new CheckpointException(prefix + name + ": expected a floating format, got 8-bit codes in "
                + stored.values().location());
    }

    private static String stripWeight(String name) {
        return name.endsWith(".weight") ? name.substring(0, name.length() - ".weight".length()) : name;
    }

    /** LayerNorm parameters {@code name.weight} and {@code name.bias}. */
    public Norm norm(String name, long columns, float eps) {
        return new Norm(vector(name + ".weight", columns), vector(name + ".bias", columns), eps);
    }

    /** Parameters of any floating format as F32 [count]. */
    public Tensor vector(String name, long count) {
        return tensor(name, count);
    }

    /** Parameters of any floating format as F32 of this shape. */
    public Tensor tensor(String name, long... dims) {
        Shape shape = Shape.of(dims);
        return tensor(source.get(prefix + name, shape), shape);
    }

    /** Parameters stored as {@code stored}, as F32 of shape {@code dims} with as many elements. */
    public Tensor reshaped(String name, Shape stored, long... dims) {
        return tensor(source.get(prefix + name, stored), Shape.of(dims));
    }

    /** Parameters of any floating format on the host, row-major. */
    public float[] host(String name, long... dims) {
        return StoredFloats.read(source.get(prefix + name, Shape.of(dims)));
    }

    /** Host values as an F32 tensor that lives as long as these weights. */
    public Tensor constant(float[] values, long... dims) {
        Tensor out = arena.allocate(Shape.of(dims), Format.F32);
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        device.memory().upload(bytes, out);
        return out;
    }

    private Tensor tensor(StoredTensor stored, Shape shape) {
        return constant(StoredFloats.read(stored), shape.toArray());
    }

    /** Frees everything that was loaded. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            arena.close();
            layers.release();
        }
    }
}
