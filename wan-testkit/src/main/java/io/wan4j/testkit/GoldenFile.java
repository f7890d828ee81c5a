package io.wan4j.testkit;

import io.wan4j.checkpoint.CheckpointTensor;
import io.wan4j.checkpoint.safetensors.SafetensorsFile;
import io.wan4j.tensor.FloatCodec;
import io.wan4j.tensor.Format;
import io.wan4j.tensor.Shape;
import io.wan4j.tensor.StoredTensor;
import io.wan4j.tensor.WeightSource;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A file of golden vectors: inputs {@code in.*}, intermediates {@code mid.*} and results {@code out.*} of one case. */
public final class GoldenFile implements AutoCloseable {
    /** System property that names the folder of golden vectors. */
    public static final String FOLDER_PROPERTY = "wan.goldens";

    private final SafetensorsFile file;

    private GoldenFile(SafetensorsFile file) {
        this.file = file;
    }

    /**
     * A golden tensor on the host.
     *
     * @param name its name in the file
     * @param shape its extents
     * @param values its elements, upcast to F32
     */
    public record Values(String name, Shape shape, float[] values) {
        /** Compares with the measure of the golden vectors, max|a - e| / max|e|. */
        public Comparison compare(float[] actual, double bound) {
            return Comparison.maxRelative(name, values, actual, bound);
        }
    }

    /** Opens a file. */
    public static GoldenFile open(Path path) {
        return new GoldenFile(SafetensorsFile.open(path));
    }

    /** Opens a file by its path within the folder of golden vectors, for example {@code dit/tiny_a/case_0.safetensors}. */
    public static GoldenFile of(String relative) {
        return open(path(relative));
    }

    /** A path within the folder of golden vectors that the system property {@value #FOLDER_PROPERTY} names. */
    public static Path path(String relative) {
        String folder = System.getProperty(FOLDER_PROPERTY);
        if (folder == null) {
            throw new IllegalStateException("system property " + FOLDER_PROPERTY
                    + ": expected the folder of golden vectors, but it is not set");
        }
        return Path.of(folder).resolve(relative);
    }

    /** All names. */
    public Set<String> names() {
        return file.names();
    }

    /** The names that begin with {@code prefix}, sorted. */
    public List<String> names(String prefix) {
        return file.names().stream()
                .filter(name -> name.startsWith(prefix))
                .sorted()
                .toList();
    }

    /** Whether there is a tensor of this name. */
    public boolean has(String name) {
        return file.names().contains(name);
    }

    /** The stored tensor, for example to place it as a weight. */
    public CheckpointTensor stored(String name) {
        return file.tensor(name);
    }

    /** A tensor in any floating or integer format, as floats; integers beyond 2^24 lose digits. */
    public Values get(String name) {
        CheckpointTensor stored = file.tensor(name);
        float[] values = new float[Math.toIntExact(stored.shape().count())];
        ByteBuffer bytes = stored.read(0, stored.bytes());
        if (stored.format().isFloat()) {
            FloatCodec.decode(stored.format(), bytes, 0, values, 0, values.length);
        } else {
            for (int i = 0; i < values.length; i++) {
                values[i] = integer(stored.format(), bytes, i);
            }
        }
        return new Values(name, stored.shape(), values);
    }

    /** The elements of a tensor in any floating format, as floats. */
    public float[] floats(String name) {
        return get(name).values();
    }

    /** Extents of a tensor. */
    public Shape shape(String name) {
        return file.tensor(name).shape();
    }

    /** All tensors as weights, by the names in the file. */
    public WeightSource weights() {
        return new WeightSource() {
            @Override
            public Set<String> names() {
                return file.names();
            }

            @Override
            public Optional<StoredTensor> find(String name) {
                return file.find(name).map(StoredTensor.class::cast);
            }

            @Override
            public String location() {
                return file.path().toString();
            }
        };
    }

    /** The elements of a tensor in an integer format. */
    public int[] ints(String name) {
        CheckpointTensor stored = file.tensor(name);
        ByteBuffer bytes = stored.read(0, stored.bytes());
        int[] values = new int[Math.toIntExact(stored.shape().count())];
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.toIntExact(integer(stored.format(), bytes, i));
        }
        return values;
    }

    private static long integer(Format format, ByteBuffer bytes, int index) {
        return switch (format) {
            case I64 -> bytes.getLong(8 * index);
            case I32 -> bytes.getInt(4 * index);
            case I16 -> bytes.getShort(2 * index);
            case I8 -> bytes.get(index);
            case U8, BOOL -> bytes.get(index) & 0xFF;
            default -> throw new IllegalArgumentException("expected an integer format, got " + format);
        };
    }

    @Override
    public void close() {
        file.close();
    }
}
