package io.wan4j.roofline;

import io.wan4j.ops.Ops;
import io.wan4j.ops.Target;
import io.wan4j.spi.Arena;
import io.wan4j.spi.Device;
import io.wan4j.spi.Linear;
import io.wan4j.spi.WeightRole;
import io.wan4j.tensor.ActivationMode;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.StoredWeight;
import io.wan4j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * Ceilings of a device as its own kernels show them: the best of several short runs of a linear layer that fits the
 * caches, and of a copy that does not. Takes about two seconds. What no kernel of the device reaches is not in these
 * figures: a fraction of them tells how far a run is from the device's best linear layer, not from the silicon.
 */
public final class Calibration {
    private static final long BUDGET_NANOS = 100_000_000;
    private static final long WARM_UP_NANOS = 300_000_000;
    private static final int SMALLEST = 128;
    private static final int LARGEST = 2048;
    private static final long COPIED = 64L << 20;

    private Calibration() {}

    /** The published ceilings of the device if it is known; else measured ones. */
    public static Ceilings of(Device device) {
        return KnownDevices.in(device.description()).orElseGet(() -> measure(device));
    }

    /** Measures; the device is idle and used by this thread. */
    public static Ceilings measure(Device device) {
        Format compute = device.formats().compute();
        double wide = rate(device, compute, compute);
        double int8 = rate(device, compute, Format.I8);
        double fp8 = rate(device, compute, Format.F8_E4M3);
        double f32 = compute == Format.F32 ? wide : rate(device, Format.F32, Format.F32);
        return new Ceilings(
                device.name(), f32, wide, fp8, int8, copyRate(device), "best linear layer and copy of this device");
    }

    /** Operations a second of a square layer, larger and larger until one takes its share of the time. */
    private static double rate(Device device, Format activations, Format weight) {
        double best = 0;
        for (int size = SMALLEST; size <= LARGEST; size *= 2) {
            try (Arena arena = device.memory().arena();
                    Ops ops = Ops.on(device)) {
                Linear layer = layer(arena, size, weight);
                Tensor x = input(ops, size, weight.isCode() ? weight : activations);
                Tensor out = ops.allocate(Shape.of(size, size), activations);
                Runnable work = () -> ops.linear(x, layer, Target.store(out));
                if (size == SMALLEST) {
                    warmUp(device, work);
                }
                double seconds = seconds(device, work);
                best = Math.max(best, 2.0 * size * size * size / seconds);
                // The next size takes eight times as long, twice.
                if (16 * seconds * 1e9 > 4.0 * BUDGET_NANOS) {
                    break;
                }
            }
        }
        return best;
    }

    /** Rows in a format; codes come out of a norm, as they do in a model. */
    private static Tensor input(Ops ops, int size, Format format) {
        Tensor x = ops.upload(ones(size * size), size, size);
        return format.isCode() ? ops.rmsNorm(x, ops.upload(ones(size), size), 1e-6f, format) : ops.inFormat(x, format);
    }

    private static Linear layer(Arena arena, int size, Format format) {
        StoredTensor values = new Filled("calibration", Shape.of(size, size), format);
        StoredWeight stored = format.isCode()
                ? new StoredWeight(
                        values,
                        Optional.of(new Filled("calibration.scale", Shape.of(size, 1), Format.F32)),
                        ActivationMode.DYNAMIC_8BIT)
                : StoredWeight.dense(values);
        return new Linear("calibration", arena.place(stored, WeightRole.LINEAR), Optional.empty(), List.of());
    }

    private static double copyRate(Device device) {
        try (Ops ops = Ops.on(device)) {
            Shape shape = Shape.of(COPIED / Float.BYTES);
            Tensor from = ops.allocate(shape, Format.F32);
            Tensor to = ops.allocate(shape, Format.F32);
            return 2.0 * COPIED / seconds(device, () -> ops.copy(from, to));
        }
    }

    /** Long enough that the virtual machine has compiled what a CPU backend does in Java around its products. */
    private static void warmUp(Device device, Runnable work) {
        long begin = System.nanoTime();
        do {
            work.run();
            device.synchronize();
        } while (System.nanoTime() - begin < WARM_UP_NANOS);
    }

    /** The shortest of some runs after one that warms up, within a small budget of time. */
    private static double seconds(Device device, Runnable work) {
        work.run();
        device.synchronize();
        long best = Long.MAX_VALUE;
        long begin = System.nanoTime();
        do {
            long start = System.nanoTime();
            work.run();
            device.synchronize();
            best = Math.min(best, System.nanoTime() - start);
        } while (System.nanoTime() - begin < BUDGET_NANOS / 4);
        return Math.max(1, best) / 1e9;
    }

    private static float[] ones(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = 1 + i % 7 / 8f;
        }
        return values;
    }

    /** A tensor whose elements are small numbers of its format. */
    private record Filled(String name, Shape shape, Format format) implements StoredTensor {
        @Override
        public String location() {
            return "calibration";
        }

        @Override
        public ByteBuffer read(long offset, long length) {
            ByteBuffer bytes =
                    ByteBuffer.allocateDirect(Math.toIntExact(length)).order(ByteOrder.LITTLE_ENDIAN);
            byte[] one = switch (format) {
                case F32 -> new byte[] {0, 0, (byte) 0x80, 0x3C};
                case BF16 -> new byte[] {(byte) 0x80, 0x3C};
                default -> new byte[] {0x21};
            };
            for (int i = 0; i < length; i++) {
                bytes.put(i, one[i % one.length]);
            }
            return bytes;
        }
    }
}
