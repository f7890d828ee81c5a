package io.wan4j.testkit;

import io.wan4j.ops.Ops;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.spi.Kernels;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import io.wan4j.tensor.Weight;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What a contract case works with: a device, seeded data, and results that are compared. Results start as all ones bits
 * (NaN), so that an element that nobody wrote is seen, and are followed by a guard, so that writing too far is.
 */
public final class Rig implements AutoCloseable {
    /** System property with the seed that all cases' seeds derive from. */
    public static final String SEED_PROPERTY = "wan.seed";

    private static final int GUARD_BYTES = 256;
    private static final byte GUARD = (byte) 0xA5;

    private final Device device;
    private final ErrorModel errors;
    private final Ops scope;
    private final Arena arena;
    private final Random random;
    private final List<Tensor> guards = new ArrayList<>();

    Rig(Device device, ErrorModel errors, long seed) {
        this.device = device;
        this.errors = errors;
        this.scope = Ops.on(device);
        this.arena = device.memory().arena();
        this.random = new Random(seed);
    }

    /**
     * An input: its tensor, and its elements after rounding to the tensor's format.
     *
     * @param tensor on the device
     * @param values on the host
     */
    record Sample(Tensor tensor, float[] values) {
        double[] wide() {
            return Doubles.of(values);
        }
    }

    static long seed(String name) {
        return Long.getLong(SEED_PROPERTY, 42L) * 1_000_003L + name.hashCode();
    }

    Device device() {
        return device;
    }

    Kernels kernels() {
        return device.kernels();
    }

    ErrorModel errors() {
        return errors;
    }

    Random random() {
        return random;
    }

    /** Normally distributed values. */
    float[] normal(long count, double deviation) {
        float[] values = new float[Math.toIntExact(count)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return values;
    }

    /** A standard normal input. */
    Sample normal(Format format, long... dims) {
        return sample(format, normal(Shape.of(dims).count(), 1), dims);
    }

    /** An input of these values, rounded to the format. */
    Sample sample(Format format, float[] values, long... dims) {
        Tensor tensor = scope.allocate(Shape.of(dims), format);
        return new Sample(tensor, upload(tensor, values));
    }

    private float[] upload(Tensor tensor, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(
                        values.length * tensor.format().bytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        MemoryTensor.encode(tensor.format(), values, bytes);
        device.memory().upload(bytes, tensor);
        return MemoryTensor.decode(tensor.format(), bytes, values.length);
    }

    /** Codes with row scales, as a kernel before would have left them. */
    Tensor codes(Format format, float[] codes, float[] scales, long... dims) {
        Tensor values = sample(format, codes, dims).tensor();
        return Tensor.ofCodes(values, sample(Format.F32, scales, scales.length).tensor());
    }

    /** Places a weight on the device for as long as this rig lives. */
    Weight place(StoredWeight stored, WeightRole role) {
        return arena.place(stored, role);
    }

    /** A result to be written: all ones bits, guarded; codes come with row scales. */
    Tensor blank(Format format, long... dims) {
        Tensor out = filled(format, Shape.of(dims));
        if (!format.isCode()) {
            return out;
        }
        return Tensor.ofCodes(out, filled(Format.F32, Shape.of(out.shape().rows())));
    }

    private Tensor filled(Format format, Shape shape) {
        Tensor out = scope.allocate(shape, format);
        fill(out, (byte) 0xFF);
        Tensor guard = scope.allocate(Shape.of(GUARD_BYTES), Format.U8);
        fill(guard, GUARD);
        guards.add(guard);
        return out;
    }

    private void fill(Tensor tensor, byte value) {
        byte[] content = new byte[Math.toIntExact(tensor.bytes())];
        Arrays.fill(content, value);
        device.memory().upload(ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN), tensor);
    }

    /** The elements of a tensor on the host; codes without their scale. */
    float[] read(Tensor tensor) {
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Math.toIntExact(tensor.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        device.memory().download(tensor, bytes);
        return MemoryTensor.decode(
                tensor.format(), bytes, Math.toIntExact(tensor.shape().count()));
    }

    /** Compares a result, stored in whatever format, and that nothing beside it was written. */
    void check(Expected expected, Tensor out) {
        if (out.scales().isPresent()) {
            float[] scales = read(out.scales().get());
            QuantisedOracle.check(expected, out, read(out), scales);
        } else {
            checkValues(expected, out);
        }
        checkGuards();
    }

    private void checkValues(Expected expected, Tensor out) {
        float[] actual = read(out);
        double[] bounds = new double[actual.length];
        for (int i = 0; i < actual.length; i++) {
            bounds[i] = ErrorModel.stored(expected.values()[i], expected.slack()[i], out.format());
        }
        Comparison.within(out.toString(), expected.values(), Doubles.of(actual), bounds)
                .check();
    }

    private void checkGuards() {
        for (Tensor guard : guards) {
            ByteBuffer bytes = ByteBuffer.allocate(GUARD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            device.memory().download(guard, bytes);
            for (int i = 0; i < GUARD_BYTES; i++) {
                if (bytes.get(i) != GUARD) {
                    throw new AssertionError("byte " + i + " after a result's memory was overwritten");
                }
            }
        }
    }

    @Override
    public void close() {
        scope.close();
        arena.close();
    }
}
