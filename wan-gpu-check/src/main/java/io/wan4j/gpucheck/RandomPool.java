package io.wan4j.gpucheck;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Random values in any amount: a few megabytes of about normal numbers for every format and size, from which tensors of
 * any length read. So that a model of many gigabytes costs neither memory nor time.
 */
final class RandomPool {
    /** Deviations of codes: few saturate, most bits are in use. */
    static final double CODE_DEVIATION_I8 = 40;

    static final double CODE_DEVIATION_F8 = 100;

    private final int poolBytes;
    private final Map<Key, ByteBuffer> pools = new HashMap<>();

    /**
     * @param deviation of the numbers around the mean
     */
    private record Key(Format format, double mean, double deviation) {
        long seed() {
            return format.name().hashCode() + 31L * Double.hashCode(mean) + 961L * Double.hashCode(deviation);
        }
    }

    /** Pools of this many bytes each. */
    RandomPool(int poolBytes) {
        this.poolBytes = poolBytes;
    }

    /** A tensor of numbers with about this deviation: the next power of two below it. */
    StoredTensor tensor(String name, Format format, Shape shape, double mean, double deviation) {
        double rounded = deviation == 0 ? 0 : Math.pow(2, Math.floor(Math.log(deviation) / Math.log(2)));
        return new Pooled(name, format, shape, pool(new Key(format, mean, rounded)));
    }

    /** A tensor of codes. */
    StoredTensor codes(String name, Format format, Shape shape) {
        return new Pooled(name, format, shape, pool(new Key(format, 0, deviation(format))));
    }

    /** Deviation of {@link #codes}. */
    static double deviation(Format format) {
        return format == Format.I8 ? CODE_DEVIATION_I8 : CODE_DEVIATION_F8;
    }

    private synchronized ByteBuffer pool(Key key) {
        return pools.computeIfAbsent(key, this::fill);
    }

    private ByteBuffer fill(Key key) {
        int bytes = key.format().bytes();
        int count = poolBytes / bytes;
        ByteBuffer pool = ByteBuffer.allocateDirect(count * bytes).order(ByteOrder.LITTLE_ENDIAN);
        SplittableRandom random = new SplittableRandom(key.seed());
        float[] some = new float[4096];
        for (int done = 0; done < count; done += some.length) {
            int part = Math.min(some.length, count - done);
            for (int i = 0; i < part; i++) {
                some[i] = (float) (key.mean() + key.deviation() * normal(random));
            }
            if (key.format() == Format.I8) {
                for (int i = 0; i < part; i++) {
                    pool.put(done + i, (byte) Math.rint(Math.max(-127, Math.min(127, some[i]))));
                }
            } else {
                FloatCodec.encode(key.format(), some, 0, part, pool, done * bytes);
            }
        }
        return pool;
    }

    /** Sum of four uniform numbers, scaled to variance 1. */
    private static double normal(SplittableRandom random) {
        long bits = random.nextLong();
        long sum = (bits & 0xFFFF) + (bits >>> 16 & 0xFFFF) + (bits >>> 32 & 0xFFFF) + (bits >>> 48);
        return (sum / 65536.0 - 2) * 1.7320508;
    }

    /** A tensor that reads the pool over and over, from a place that depends on its name. */
    private record Pooled(String name, Format format, Shape shape, ByteBuffer pool) implements StoredTensor {
        /** Far apart also for names that differ little, so that no tensor is another one moved by some rows. */
        private long place() {
            return name.hashCode() * 0x9E3779B97F4A7C15L >>> 16;
        }

        @Override
        public String location() {
            return "random values";
        }

        @Override
        public ByteBuffer read(long offset, long length) {
            int unit = format.bytes();
            long start = Math.floorMod(offset + place(), (long) pool.capacity()) / unit * unit;
            if (start + length <= pool.capacity()) {
                return pool.slice((int) start, (int) length).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
            }
            if (length <= pool.capacity()) {
                return pool.slice(0, (int) length).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
            }
            ByteBuffer whole =
                    ByteBuffer.allocateDirect(Math.toIntExact(length)).order(ByteOrder.LITTLE_ENDIAN);
            for (int done = 0; done < whole.capacity(); done += pool.capacity()) {
                whole.put(done, pool, 0, Math.min(pool.capacity(), whole.capacity() - done));
            }
            return whole;
        }
    }
}
