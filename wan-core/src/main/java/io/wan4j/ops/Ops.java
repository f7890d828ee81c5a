package io.wan4j.ops;

import io.wan4j.spi.Activation;
import io.wan4j.spi.ActivationFormats;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Convolution;
import io.wan4j.spi.Device;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.spi.Rope;
import io.wan4j.spi.Workspace;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A scope of temporaries on a device, and the operations on them. Every tensor that an operation returns lives until
 * this scope closes; scopes close in reverse order of opening. Arguments are checked here, once, for all backends.
 */
public final class Ops implements AutoCloseable {
    private final Device device;
    private final Kernels kernels;
    private final Workspace workspace;
    private final long mark;
    private boolean closed;

    private Ops(Device device) {
        this.device = device;
        this.kernels = device.kernels();
        this.workspace = device.memory().workspace();
        this.mark = workspace.mark();
    }

    /** Opens a scope on this device. */
    public static Ops on(Device device) {
        return new Ops(device);
    }

    /** Opens an inner scope, to be closed before this one. */
    public Ops nested() {
        return new Ops(device);
    }

    /** The device. */
    public Device device() {
        return device;
    }

    /** Formats of activations on the device. */
    public ActivationFormats formats() {
        return device.formats();
    }

    /** Frees the temporaries of this scope. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            workspace.rewind(mark);
        }
    }

    /** A new temporary with undefined content. */
    public Tensor allocate(Shape shape, Format format) {
        return workspace.allocate(shape, format);
    }

    /** A new temporary; codes come with a row scale each. */
    private Tensor allocateActivation(Shape shape, Format format) {
        Tensor values = workspace.allocate(shape, format);
        return format.isCode()
                ? Tensor.ofCodes(values, workspace.allocate(Shape.of(shape.rows()), Format.F32))
                : values;
    }

    /** Host values to a new F32 temporary. */
    public Tensor upload(float[] values, long... dims) {
        Tensor out = allocate(Shape.of(dims), Format.F32);
        Check.that(out.shape().count() == values.length, "upload", out.shape().count() + " values", values.length);
        upload(values, out);
        return out;
    }

    /** Host values to an F32 tensor. */
    public void upload(float[] values, Tensor out) {
        Check.format("upload", "out", out, Format.F32);
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        device.memory().upload(bytes, out);
    }

    /** The values of a tensor of any activation format, on the host. */
    public float[] download(Tensor tensor) {
        try (Ops scope = nested()) {
            Tensor source = tensor.format() == Format.F32 ? tensor : scope.copy(tensor, Format.F32);
            ByteBuffer bytes =
                    ByteBuffer.allocate(Math.toIntExact(source.bytes())).order(ByteOrder.LITTLE_ENDIAN);
            device.memory().download(source, bytes);
            float[] values = new float[Math.toIntExact(source.shape().count())];
            bytes.clear().asFloatBuffer().get(values);
            return values;
        }
    }

    /** A copy in another format. */
    public Tensor copy(Tensor x, Format format) {
        Tensor out = allocate(x.shape(), format);
        kernels.copy(x, out);
        return out;
    }

    /** x in this format: x itself if it has it, or else a copy. */
    public Tensor inFormat(Tensor x, Format format) {
        return x.format() == format ? x : copy(x, format);
    }

    /** out = x, converted to out's format; equal element counts. */
    public void copy(Tensor x, Tensor out) {
        Check.that(x.shape().count() == out.shape().count(), "copy", "as many elements as " + out, x);
        kernels.copy(x, out);
    }

    /** Rows of a table by id: [ids.length, C] in the compute format. */
    public Tensor gather(Tensor table, int[] ids) {
        Check.rank("gather", "table", table, 2);
        for (int id : ids) {
            Check.that(
                    id >= 0 && id < table.shape().dim(0),
                    "gather",
                    "ids below " + table.shape().dim(0),
                    id);
        }
        Tensor out =
                allocate(Shape.of(ids.length, table.shape().dim(1)), formats().compute());
        kernels.gather(table, ids, out);
        return out;
    }

    /** y = x W^T + b in the compute format. */
    public Tensor linear(Tensor x, Linear layer) {
        return linear(x, layer, Epilogue.STORE, formats().compute());
    }

    /** activation(x W^T + b), in the given format: F32, BF16, or the codes that the next layer wants. */
    public Tensor linear(Tensor x, Linear layer, Activation activation, Format format) {
        return linear(x, layer, new Epilogue.Activate(activation), format);
    }

    /** epilogue(x W^T + b) in a new temporary; the epilogue is Store, Activate or Multiply. */
    public Tensor linear(Tensor x, Linear layer, Epilogue epilogue, Format format) {
        Tensor out = allocateActivation(x.shape().withLast(layer.out()), format);
        linear(x, layer, new Target(out, epilogue));
        return out;
    }

    /** x W^T + b joins the target. */
    public void linear(Tensor x, Linear layer, Target target) {
        String where = layer.name();
        Check.that(x.shape().columns() == layer.in(), where, "input [..," + layer.in() + "]", x);
        Check.shape(where, "out", target.out(), x.shape().withLast(layer.out()));
        if (x.format().isCode()) {
            Check.format(where, "quantised input", x, layer.input(x.format()));
            Check.that(x.scales().isPresent(), where, "codes with row scales", x);
        } else {
            Check.activation(where, "input", x);
        }
        if (target.epilogue() instanceof Epilogue.AddGatedTo gated) {
            Check.vector(where, "gate", gated.gate(), layer.out());
        } else if (target.epilogue() instanceof Epilogue.Multiply multiply) {
            Check.shape(where, "factor", multiply.factor(), target.out().shape());
        }
        kernels.linear(x, layer, target.epilogue(), target.out());
    }

    /** LayerNorm without parameters, then {@code * (1 + scale) + shift}; result in the given format. */
    public Tensor normModulate(Tensor x, Tensor shift, Tensor scale, float eps, Format format) {
        Check.activation("normModulate", "x", x);
        Check.vector("normModulate", "shift", shift, x.shape().columns());
        Check.vector("normModulate", "scale", scale, x.shape().columns());
        Tensor out = allocateActivation(x.shape(), format);
        kernels.normModulate(x, shift, scale, eps, out);
        return out;
    }

    /** LayerNorm with weight and bias; result in the given format. */
    public Tensor layerNorm(Tensor x, Norm norm, Format format) {
        Check.activation("layerNorm", "x", x);
        Check.vector("layerNorm", "weight", norm.weight(), x.shape().columns());
        Check.vector("layerNorm", "bias", norm.bias(), x.shape().columns());
        Tensor out = allocateActivation(x.shape(), format);
        kernels.layerNorm(x, norm.weight(), norm.bias(), norm.eps(), out);
        return out;
    }

    /** RMSNorm over the whole row; result in the given format. */
    public Tensor rmsNorm(Tensor x, Tensor weight, float eps, Format format) {
        Check.activation("rmsNorm", "x", x);
        Check.vector("rmsNorm", "weight", weight, x.shape().columns());
        Tensor out = allocateActivation(x.shape(), format);
        kernels.rmsNorm(x, weight, eps, out);
        return out;
    }

    /** RMSNorm over the whole row, in place. */
    public void rmsNormInPlace(Tensor x, Tensor weight, float eps) {
        Check.activation("rmsNorm", "x", x);
        Check.vector("rmsNorm", "weight", weight, x.shape().columns());
        kernels.rmsNorm(x, weight, eps, x);
    }

    /** RMSNorm over the whole row, then rotary embedding of every head, in place. */
    public void rmsNormRopeInPlace(Tensor x, Tensor weight, float eps, Rope rope) {
        String where = "rmsNormRope";
        Check.activation(where, "x", x);
        Check.vector(where, "weight", weight, x.shape().columns());
        long headDim = x.shape().columns() / rope.heads();
        Check.that(headDim * rope.heads() == x.shape().columns(), where, "columns divisible by " + rope.heads(), x);
        Check.shape(where, "rope table", rope.table(), Shape.of(x.shape().rows(), headDim / 2, 2));
        kernels.rmsNormRope(x, weight, eps, rope, x);
    }

    /** Sum of one softmax attention per context; result like q. */
    public Tensor attention(Tensor q, List<KeyValue> contexts, AttentionSpec spec) {
        String where = "attention";
        Check.rank(where, "q", q, 2);
        Check.activation(where, "q", q);
        Check.that(q.shape().dim(1) % spec.heads() == 0, where, "columns divisible by " + spec.heads(), q);
        Check.that(!contexts.isEmpty(), where, "at least one context", contexts);
        for (KeyValue context : contexts) {
            Check.rank(where, "key", context.key(), 2);
            Check.format(where, "key", context.key(), q.format());
            Check.format(where, "value", context.value(), q.format());
            Check.that(
                    context.key().shape().dim(0) > 0
                            && context.key().shape().dim(1) == q.shape().dim(1),
                    where,
                    "keys [Lk >= 1," + q.shape().dim(1) + "]",
                    context.key());
            Check.shape(where, "value", context.value(), context.key().shape());
        }
        spec.bias().ifPresent(bias -> checkBias(bias, q, contexts, spec));
        Tensor out = allocate(q.shape(), q.format());
        kernels.attention(q, contexts, spec, out);
        return out;
    }

    private static void checkBias(
            AttentionSpec.RelativeBias bias, Tensor q, List<KeyValue> contexts, AttentionSpec spec) {
        String where = "attention: relative bias";
        Check.format(where, "table", bias.table(), Format.F32);
        Check.rank(where, "table", bias.table(), 2);
        Check.that(bias.table().shape().dim(1) == spec.heads(), where, "columns " + spec.heads(), bias.table());
        long after = bias.table().shape().dim(0) - 1 - bias.offset();
        for (KeyValue context : contexts) {
            Check.that(
                    bias.offset() >= q.shape().dim(0) - 1
                            && after >= context.key().shape().dim(0) - 1,
                    where,
                    "distances of " + q + " to " + context.key(),
                    bias.table() + " around " + bias.offset());
        }
    }

    /** activation(x) in a new temporary of x's format. */
    public Tensor activate(Tensor x, Activation activation) {
        Check.activation("activate", "x", x);
        Tensor out = allocate(x.shape(), x.format());
        kernels.activate(x, activation, out);
        return out;
    }

    /** Parameter rows plus time rows: F32 [R, C]. */
    public Tensor modulation(Tensor parameter, Tensor time) {
        String where = "modulation";
        Check.format(where, "parameter", parameter, Format.F32);
        Check.format(where, "time", time, Format.F32);
        Check.rank(where, "parameter", parameter, 2);
        Check.that(
                time.shape().equals(parameter.shape())
                        || time.shape().equals(parameter.shape().withFirst(1)),
                where,
                "time " + parameter.shape() + " or one row of it",
                time);
        Tensor out = allocate(parameter.shape(), Format.F32);
        kernels.modulation(parameter, time, out);
        return out;
    }

    /** Latents [C_i, T, H, W] to tokens [T H/2 W/2, 4 sum(C_i)] in the compute format. */
    public Tensor patchify(List<Tensor> parts) {
        Shape first = parts.get(0).shape();
        long channels = 0;
        for (Tensor part : parts) {
            Check.rank("patchify", "part", part, 4);
            Check.format("patchify", "part", part, Format.F32);
            Check.shape("patchify", "part", part, first.withFirst(part.shape().dim(0)));
            channels += part.shape().dim(0);
        }
        Check.that(first.dim(2) % 2 == 0 && first.dim(3) % 2 == 0, "patchify", "even height and width", first);
        long tokens = first.dim(1) * (first.dim(2) / 2) * (first.dim(3) / 2);
        Tensor out = allocate(Shape.of(tokens, 4 * channels), formats().compute());
        kernels.patchify(parts, out);
        return out;
    }

    /** Tokens in order (row, column, channel) to out, F32 [C, T, H, W]. */
    public void unpatchify(Tensor tokens, Tensor out) {
        Check.rank("unpatchify", "out", out, 4);
        Check.format("unpatchify", "out", out, Format.F32);
        Shape s = out.shape();
        Check.shape("unpatchify", "tokens", tokens, Shape.of(s.dim(1) * (s.dim(2) / 2) * (s.dim(3) / 2), 4 * s.dim(0)));
        kernels.unpatchify(tokens, out);
    }

    /** Convolution over the frames of past, then those of x; a new temporary in the compute format. */
    public Tensor convolution(Tensor past, Tensor x, Convolution layer) {
        Shape s = x.shape();
        Shape shape = Shape.of(
                layer.outFrames(past.shape().dim(0) + s.dim(0)),
                layer.outSpace(s.dim(1)),
                layer.outSpace(s.dim(2)),
                layer.out());
        Tensor out = allocate(shape, formats().compute());
        convolution(past, x, layer, Target.store(out));
        return out;
    }

    /**
     * Convolution over the frames of past, then those of x, joins the target (Store or AddTo), F32 or of x's format. Frames
     * that the kernel sees before past are zeros.
     */
    public void convolution(Tensor past, Tensor x, Convolution layer, Target target) {
        String where = layer.name();
        Check.rank(where, "input", x, 4);
        Check.shape(where, "past", past, x.shape().withFirst(past.shape().dim(0)));
        Check.format(where, "past", past, x.format());
        Check.that(
                target.out().format() == x.format() || target.out().format() == Format.F32,
                where,
                "out in F32 or " + x.format(),
                target.out());
        Check.that(x.shape().dim(3) == layer.in(), where, "input [..," + layer.in() + "]", x);
        long frames = past.shape().dim(0) + x.shape().dim(0);
        Check.that(frames >= 1, where, "at least one frame", frames);
        Check.shape(
                where,
                "out",
                target.out(),
                Shape.of(
                        layer.outFrames(frames),
                        layer.outSpace(x.shape().dim(1)),
                        layer.outSpace(x.shape().dim(2)),
                        layer.out()));
        kernels.convolution(past, x, layer, target.epilogue(), target.out());
    }

    /** Channel RMS norm of the VAE with optional SiLU, over the last axis; result in the compute format. */
    public Tensor channelNorm(Tensor x, Tensor gamma, Activation activation) {
        Check.activation("channelNorm", "x", x);
        Check.vector("channelNorm", "gamma", gamma, x.shape().columns());
        Tensor out = allocate(x.shape(), formats().compute());
        kernels.channelNorm(x, gamma, activation, out);
        return out;
    }

    /** Nearest-neighbour doubling of rows and columns: [T, H, W, C] to [T, 2H, 2W, C]. */
    public Tensor upsample(Tensor x) {
        Check.rank("upsample", "x", x, 4);
        Shape s = x.shape();
        Tensor out = allocate(Shape.of(s.dim(0), 2 * s.dim(1), 2 * s.dim(2), s.dim(3)), x.format());
        kernels.upsample(x, out);
        return out;
    }

    /** [T, H, W, 2C] to [2T, H, W, C]. */
    public Tensor interleaveFrames(Tensor x) {
        Check.rank("interleaveFrames", "x", x, 4);
        Shape s = x.shape();
        Check.that(s.dim(3) % 2 == 0, "interleaveFrames", "an even number of channels", x);
        Tensor out = allocate(Shape.of(2 * s.dim(0), s.dim(1), s.dim(2), s.dim(3) / 2), x.format());
        kernels.interleaveFrames(x, out);
        return out;
    }

    /** F32 [C, T, H, W] to [T, H, W, C] in the compute format, with {@code x * scale[c] + shift[c]}. */
    public Tensor channelsLast(Tensor x, Tensor scale, Tensor shift) {
        Check.rank("channelsLast", "x", x, 4);
        Shape s = x.shape();
        Check.vector("channelsLast", "scale", scale, s.dim(0));
        Check.vector("channelsLast", "shift", shift, s.dim(0));
        Tensor out = allocate(
                Shape.of(s.dim(1), s.dim(2), s.dim(3), s.dim(0)), formats().compute());
        kernels.channelsLast(x, scale, shift, out);
        return out;
    }

    /** The first scale.count channels of [T, H, W, C'] to F32 [C, T, H, W], with {@code x * scale[c] + shift[c]}. */
    public Tensor channelsFirst(Tensor x, Tensor scale, Tensor shift) {
        Check.rank("channelsFirst", "x", x, 4);
        Shape s = x.shape();
        long channels = scale.shape().count();
        Check.that(channels <= s.dim(3), "channelsFirst", "at most " + s.dim(3) + " channels", channels);
        Check.vector("channelsFirst", "scale", scale, channels);
        Check.vector("channelsFirst", "shift", shift, channels);
        Tensor out = allocate(Shape.of(channels, s.dim(0), s.dim(1), s.dim(2)), Format.F32);
        kernels.channelsFirst(x, scale, shift, out);
        return out;
    }

    /** Whether every element is finite. */
    public boolean allFinite(Tensor x) {
        return kernels.allFinite(x);
    }
}
