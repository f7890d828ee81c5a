package io.wan4j.testkit.synth;

import io.wan4j.tensor.Shape;
import java.util.SplittableRandom;

/**
 * Random values that keep the size of activations about the same from layer to layer: matrices and kernels are normal
 * with variance 1 / fan-in, norms are ones, biases are small. The same name, shape and seed give the same values.
 */
public final class RandomWeights {
    private final long seed;

    /** Weights of a seed. */
    public RandomWeights(long seed) {
        this.seed = seed;
    }

    /** A generator for the values of a tensor from element {@code from} on. */
    private SplittableRandom random(String name, long from) {
        return new SplittableRandom(seed * 0x9E3779B97F4A7C15L + name.hashCode() * 0x2545F4914F6CDD1DL + from);
    }

    /** All values of a small tensor. */
    public float[] values(String name, Shape shape) {
        return values(name, shape, 0, Math.toIntExact(shape.count()));
    }

    /** Values {@code from .. from + count} of a tensor; parts are the same however a tensor is cut at these places. */
    public float[] values(String name, Shape shape, long from, int count) {
        float[] values = new float[count];
        SplittableRandom random = random(name, from);
        float mean = isGain(name, shape) ? 1f : 0f;
        float deviation = deviation(name, shape);
        for (int i = 0; i < count; i++) {
            values[i] = mean + deviation * normal(random);
        }
        return values;
    }

    private static boolean isGain(String name, Shape shape) {
        return name.endsWith("gamma") || (shape.rank() == 1 && name.endsWith(".weight"));
    }

    /** Standard deviation of the values of a tensor. */
    static float deviation(String name, Shape shape) {
        if (isGain(name, shape) || name.endsWith(".bias") || name.contains("modulation")) {
            return 0.02f;
        }
        if (name.endsWith("_embedding") || name.startsWith("token_embedding")) {
            return 1f;
        }
        long fanIn = shape.rank() < 2 ? shape.count() : shape.count() / shape.dim(0);
        return (float) (1 / Math.sqrt((double) Math.max(1, fanIn)));
    }

    /** Sum of four uniform numbers, scaled to variance 1: close enough to normal for weights, and quick. */
    private static float normal(SplittableRandom random) {
        long bits = random.nextLong();
        long sum = (bits & 0xFFFF) + (bits >>> 16 & 0xFFFF) + (bits >>> 32 & 0xFFFF) + (bits >>> 48);
        return (sum / 65536f - 2f) * 1.7320508f;
    }
}
