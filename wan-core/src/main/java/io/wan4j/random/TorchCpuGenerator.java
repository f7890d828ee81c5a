package io.wan4j.random;

/**
 * Normal numbers as PyTorch's CPU generator gives them for {@code torch.randn} in F32, so that a seed means the same
 * noise here and there (within 1e-6: the last digit depends on the maths library).
 *
 * <p>As in PyTorch the values depend on how they are asked for: one call for 64 values and two for 32 agree, but calls
 * whose size is below 16 or no multiple of 16 take other paths. A CUDA generator gives other numbers.
 *
 * <p>Not safe for use by several threads.
 */
public final class TorchCpuGenerator {
    /** Values that one Box-Muller transform of the long form makes: the first half are radii, the second angles. */
    private static final int BLOCK = 16;

    private static final float TWO_PI = (float) (2 * Math.PI);

    private final MersenneTwister engine;
    private boolean hasSpare;
    private double spare;

    /** A generator in the state after {@code torch.manual_seed(seed)}; the low 32 bits count. */
    public TorchCpuGenerator(long seed) {
        engine = new MersenneTwister((int) seed);
    }

    /** {@code torch.randn(count)}: {@code count} new values. */
    public float[] randn(int count) {
        float[] values = new float[count];
        randn(values);
        return values;
    }

    /** {@code torch.randn(out.length)} into {@code out}. */
    public void randn(float[] out) {
        if (out.length < BLOCK) {
            for (int i = 0; i < out.length; i++) {
                out[i] = (float) nextNormal();
            }
            return;
        }
        for (int i = 0; i < out.length; i++) {
            out[i] = nextUniform();
        }
        int whole = out.length - out.length % BLOCK;
        for (int at = 0; at < whole; at += BLOCK) {
            transform(out, at);
        }
        if (whole < out.length) {
            int last = out.length - BLOCK;
            for (int i = last; i < out.length; i++) {
                out[i] = nextUniform();
            }
            transform(out, last);
        }
    }

    /** Box-Muller on 16 uniform values in place. */
    private static void transform(float[] values, int at) {
        for (int j = at; j < at + BLOCK / 2; j++) {
            float u = 1 - values[j];
            float radius = (float) Math.sqrt(-2 * (float) Math.log(u));
            float angle = TWO_PI * values[j + BLOCK / 2];
            values[j] = radius * (float) Math.cos(angle);
            values[j + BLOCK / 2] = radius * (float) Math.sin(angle);
        }
    }

    /** 24 bits, in [0, 1). */
    private float nextUniform() {
        return (engine.nextWord() & 0xffffff) * 0x1p-24f;
    }

    /** 53 bits from two words, the first one high, in [0, 1). */
    private double nextUniformDouble() {
        long high = engine.nextWord() & 0xffffffffL;
        long low = engine.nextWord() & 0xffffffffL;
        return ((high << 32 | low) & ((1L << 53) - 1)) * 0x1p-53;
    }

    /** Box-Muller in double; the second value of a pair waits for the next call. */
    private double nextNormal() {
        if (hasSpare) {
            hasSpare = false;
            return spare;
        }
        double angle = 2 * Math.PI * nextUniformDouble();
        double radius = Math.sqrt(-2 * Math.log1p(-nextUniformDouble()));
        spare = radius * Math.sin(angle);
        hasSpare = true;
        return radius * Math.cos(angle);
    }
}
