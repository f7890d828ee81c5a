package io.wan4j.cli.quality;

import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * Random BF16 weights that are as hard to quantise as trained ones: values from Student's t distribution with 5 degrees
 * of freedom at variance 1 / fan-in, and in every hundredth channel of a residual stream eight times the usual size, so
 * that activations have outlier channels. Has whatever tensor it is asked for; the same seed gives the same values.
 */
final class HeavyTailedWeights implements WeightSource {
    private static final int FREEDOM = 5;
    private static final int OUTLIER_EVERY = 100;
    private static final float OUTLIER = 8;
    private static final int ROW_GROUP = 64;

    private final long seed;
    private final float[] student = new float[1 << 16];
    private final Map<String, StoredTensor> made = new ConcurrentHashMap<>();

    HeavyTailedWeights(long seed) {
        this.seed = seed;
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < student.length; i++) {
            student[i] = (float) (student(random) * Math.sqrt((FREEDOM - 2.0) / FREEDOM));
        }
    }

    @Override
    public Set<String> names() {
        return made.keySet();
    }

    @Override
    public Optional<StoredTensor> find(String name) {
        return Optional.ofNullable(made.get(name));
    }

    @Override
    public StoredTensor get(String name, Shape expected) {
        return made.computeIfAbsent(name, any -> new Made(name, expected, values(name, expected)));
    }

    @Override
    public String location() {
        return "random weights";
    }

    private ByteBuffer values(String name, Shape shape) {
        long rows = shape.dim(0);
        int columns = Math.toIntExact(shape.count() / rows);
        ByteBuffer bytes =
                ByteBuffer.allocateDirect(Math.toIntExact(2 * shape.count())).order(ByteOrder.LITTLE_ENDIAN);
        int groups = Math.toIntExact((rows + ROW_GROUP - 1) / ROW_GROUP);
        IntStream.range(0, groups).parallel().forEach(group -> {
            SplittableRandom random = new SplittableRandom(seed + 31L * name.hashCode() + 7919L * group);
            for (long row = (long) group * ROW_GROUP; row < Math.min(rows, (group + 1L) * ROW_GROUP); row++) {
                for (int i = 0; i < columns; i++) {
                    float value = value(name, shape, row, random);
                    bytes.putShort(Math.toIntExact(2 * (row * columns + i)), FloatCodec.floatToBf16(value));
                }
            }
        });
        return bytes;
    }

    private float value(String name, Shape shape, long row, SplittableRandom random) {
        if (shape.rank() == 1 && name.endsWith(".weight")) {
            return (float) (1 + 0.1 * random.nextGaussian());
        }
        if (shape.rank() < 2 || name.contains("modulation")) {
            return (float) (0.05 * random.nextGaussian());
        }
        double fanIn = (double) shape.count() / shape.dim(0);
        double value = student[random.nextInt(student.length)] / Math.sqrt(fanIn);
        boolean writesStream = name.startsWith("patch_embedding")
                || name.endsWith(".v.weight")
                || name.endsWith(".v_img.weight")
                || name.endsWith("text_embedding.2.weight")
                || name.endsWith("img_emb.proj.3.weight");
        return (float) (writesStream && row % OUTLIER_EVERY == 0 ? OUTLIER * value : value);
    }

    /** Normal over the root of a mean of squares of normals. */
    private static double student(SplittableRandom random) {
        double squares = 0;
        for (int i = 0; i < FREEDOM; i++) {
            double normal = random.nextGaussian();
            squares += normal * normal;
        }
        return random.nextGaussian() / Math.sqrt(squares / FREEDOM);
    }

    private record Made(String name, Shape shape, ByteBuffer content) implements StoredTensor {
        @Override
        public Format format() {
            return Format.BF16;
        }

        @Override
        public String location() {
            return "random weights";
        }

        @Override
        public ByteBuffer read(long offset, long length) {
            return content.slice(Math.toIntExact(offset), Math.toIntExact(length))
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
    }
}
