package io.wan4j.testkit.golden;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.HeapBytes;
import io.wan4j.checkpoint.quantise.QuantisedWeights;
import io.wan4j.checkpoint.quantise.WeightScheme;
import io.wan4j.ops.Ops;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.spi.Epilogue;
import io.wan4j.spi.Linear;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.testkit.GoldenFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** One file {@code linear_N}: codes and scales of its weight and input, and its outputs from the stored codes. */
record QuantLinear(String name, GoldenFile file, Device device, GoldenResults results) {
    private static final double OUTPUT = 1e-5;
    private static final double OTHER_CODES = 1e-3;

    void run() {
        for (WeightScheme scheme : List.of(WeightScheme.FP8_ROWS, WeightScheme.INT8_ROWS)) {
            String kind = scheme == WeightScheme.FP8_ROWS ? "fp8" : "int8";
            for (Format source : List.of(Format.F32, Format.BF16)) {
                String prefix = kind + (source == Format.F32 ? ".f32src" : ".bf16src");
                weight(prefix, scheme, source);
                output(prefix, "w8a8", ActivationMode.DYNAMIC_8BIT);
                output(prefix, "w8a16", ActivationMode.UNQUANTISED);
            }
            if (device.formats().compute() == Format.F32) {
                input(kind, scheme.codes());
            }
        }
    }

    private void weight(String prefix, WeightScheme scheme, Format source) {
        Shape shape = file.shape("in.weight");
        byte[] bytes = new byte[Math.toIntExact(shape.count() * source.bytes())];
        FloatCodec.encode(
                source,
                file.floats("in.weight"),
                0,
                Math.toIntExact(shape.count()),
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN),
                0);
        CheckpointTensor dense = new CheckpointTensor("in.weight", shape, source, new HeapBytes(bytes, Path.of(name)));
        StoredWeight made = QuantisedWeights.quantise(dense, scheme);
        String codes = prefix + ".weight";
        float[] actual = bytes(made.values());
        results.compareExactly(name, codes, actual, bytes(file.stored(codes)), Measure.DIFFERING, 0);
        CheckpointTensor scale = file.stored(prefix + ".weight_scale");
        float[] scales = bytes(made.scale().orElseThrow());
        results.compareExactly(name, scale.name(), scales, bytes(scale), Measure.DIFFERING, 0);
    }

    private static float[] bytes(StoredTensor tensor) {
        ByteBuffer bytes = tensor.read(0, tensor.bytes());
        float[] all = new float[bytes.remaining()];
        for (int i = 0; i < all.length; i++) {
            all[i] = bytes.get(i);
        }
        return all;
    }

    private void output(String prefix, String mode, ActivationMode activations) {
        StoredWeight stored = new StoredWeight(
                file.stored(prefix + ".weight"), Optional.of(file.stored(prefix + ".weight_scale")), activations);
        try (Ops ops = Ops.on(device);
                Arena arena = device.memory().arena()) {
            Linear layer = new Linear(
                    prefix, arena.place(stored, WeightRole.LINEAR), Optional.of(upload(ops, "in.bias")), List.of());
            Tensor y = ops.linear(upload(ops, "in.x"), layer, Epilogue.STORE, Format.F32);
            String out = prefix + ".out." + mode;
            results.compare(name, out, ops.download(y), file.floats(out), new Tolerance(Measure.MAX_REL, OUTPUT, 2));
        }
    }

    /** Codes of the input, made as the result of a layer that changes nothing. */
    private void input(String kind, Format codes) {
        int columns = Math.toIntExact(file.shape("in.x").columns());
        try (Ops ops = Ops.on(device);
                Arena arena = device.memory().arena()) {
            StoredTensor identity = identity(columns);
            Linear layer = new Linear(
                    "identity",
                    arena.place(StoredWeight.dense(identity), WeightRole.LINEAR),
                    Optional.empty(),
                    List.of());
            Tensor made = ops.linear(upload(ops, "in.x"), layer, Epilogue.STORE, codes);
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(made.bytes()));
            device.memory().download(made, bytes);
            float[] actual = new float[bytes.capacity()];
            for (int i = 0; i < actual.length; i++) {
                actual[i] = bytes.get(i);
            }
            String expected = kind + ".x_codes";
            results.compareExactly(
                    name, expected, actual, bytes(file.stored(expected)), Measure.DIFFERING, OTHER_CODES);
            String scales = kind + ".x_scale";
            float[] actualScales = ops.download(made.scales().orElseThrow());
            results.compareExactly(name, scales, actualScales, file.floats(scales), Measure.MAX_REL, 1e-6);
        }
    }

    private static StoredTensor identity(int size) {
        byte[] bytes = new byte[size * size * Float.BYTES];
        ByteBuffer values = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < size; i++) {
            values.putFloat((i * size + i) * Float.BYTES, 1f);
        }
        return new CheckpointTensor(
                "identity", Shape.of(size, size), Format.F32, new HeapBytes(bytes, Path.of("identity")));
    }

    private Tensor upload(Ops ops, String tensor) {
        return ops.upload(file.floats(tensor), file.shape(tensor).toArray());
    }
}
