package io.wan4j.bench;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.ops.Weights;
import io.wan4j.spi.Arena;
import io.wan4j.spi.AttentionSpec;
import io.wan4j.spi.Device;
import io.wan4j.spi.KeyValue;
import io.wan4j.spi.Linear;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.ContractShapes.AttentionShape;
import io.wan4j.testkit.ContractShapes.LinearShape;
import io.wan4j.testkit.synth.SyntheticWeights;
import io.wan4j.testkit.synth.WeightEncoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Contenders of the library's own backend that are single operations. */
final class Ours {
    private Ours() {}

    /** Random values of a tensor that lives in an arena. */
    static Tensor random(Device device, Arena arena, Format format, long... dims) {
        Tensor tensor = arena.allocate(Shape.of(dims), format);
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Math.toIntExact(tensor.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        SplittableRandom random = new SplittableRandom(7);
        float[] piece = new float[1 << 16];
        int count = Math.toIntExact(tensor.shape().count());
        for (int from = 0; from < count; from += piece.length) {
            int length = Math.min(piece.length, count - from);
            for (int i = 0; i < length; i++) {
                piece[i] = (float) (3.46 * (random.nextDouble() - 0.5));
            }
            FloatCodec.encode(format, piece, 0, length, bytes, from * format.bytes());
        }
        device.memory().upload(bytes.clear(), tensor);
        return tensor;
    }

    /** A linear layer; activations come in the device's format, so that INT8 includes their quantisation. */
    static Contender linear(Device device, WeightEncoding encoding, LinearShape shape) {
        String name = "blocks.0.ffn.0";
        SyntheticWeights source = SyntheticWeights.transformer(
                Map.of(name + ".weight", Shape.of(shape.out(), shape.in()), name + ".bias", Shape.of(shape.out())),
                encoding,
                1);
        Weights weights = Weights.open(source, device);
        Linear layer = weights.linear(name, shape.in(), shape.out());
        Arena arena = device.memory().arena();
        Format format = device.formats().compute();
        Tensor x = random(device, arena, format, shape.rows(), shape.in());
        Tensor out = arena.allocate(Shape.of(shape.rows(), shape.out()), format);
        return Contender.ours(
                device.name(),
                encoding.name(),
                () -> {
                    try (Ops ops = Ops.on(device)) {
                        ops.linear(x, layer, Target.store(out));
                        device.synchronize();
                    }
                },
                () -> {
                    arena.close();
                    weights.close();
                });
    }

    /** Attention of BF16 rows. */
    static Contender attention(Device device, String format, AttentionShape shape) {
        Arena arena = device.memory().arena();
        long columns = (long) shape.heads() * shape.headDim();
        Tensor q = random(device, arena, Format.BF16, shape.queries(), columns);
        List<KeyValue> contexts = new ArrayList<>();
        for (int keys : shape.keys()) {
            contexts.add(new KeyValue(
                    random(device, arena, Format.BF16, keys, columns),
                    random(device, arena, Format.BF16, keys, columns)));
        }
        AttentionSpec spec = AttentionSpec.scaled(shape.heads(), shape.headDim());
        return Contender.ours(
                device.name(),
                format,
                () -> {
                    try (Ops ops = Ops.on(device)) {
                        ops.attention(q, contexts, spec);
                        device.synchronize();
                    }
                },
                arena::close);
    }
}
